use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, BinOp, Block, Expr, File, Member, Pat, Signature};

use crate::mutant::{Genre, Mutant};

/// A place in a file at which one or more mutants are switched.
#[derive(Debug)]
pub struct Site {
    pub kind: Kind,
    /// The bytes of the file that are wrapped: the body, the expression, the guard or the end of the pattern.
    pub bytes: Range<usize>,
    /// The mutants by their number, with the bytes that each replaces.
    pub mutants: Vec<(usize, Range<usize>)>,
}

/// What is at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The statements of a function.
    Body,
    /// The statements of a function that returns `impl Iterator`.
    IteratorBody,
    /// The guard of an arm.
    Guard,
    /// The end of the pattern of an arm without a guard.
    Pattern,
    /// An expression that contains the changed text.
    Expression,
}

/// Why a mutant has no site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It can't compile, for this reason.
    Invalid(&'static str),
    /// A constant, which can't be switched when the program runs.
    Constant,
    /// Anything else.
    Unknown,
}

/// The sites of one file.
#[derive(Debug, Default)]
pub struct Sites {
    pub list: Vec<Site>,
    pub functions: Vec<ConstFunction>,
    pub obstacles: BTreeMap<usize, Obstacle>,
}

/// A constant function, or a constant, with mutants. In the copy, it is a function that runs when it is called, unless
/// another constant needs it.
#[derive(Debug)]
pub struct ConstFunction {
    pub name: String,
    /// What makes it such a function: replacements of the same length.
    pub edits: Vec<(Range<usize>, String)>,
    pub mutants: Vec<usize>,
}

impl Sites {
    /// Finds the sites of `mutants`, which are those of one file with the text `text`.
    pub fn find(text: &str, mutants: &[(usize, &Mutant)]) -> syn::Result<Self> {
        let file: File = syn::parse_file(text)?;
        let mut pending = HashMap::<_, Vec<_>>::new();
        for &(number, mutant) in mutants {
            if let Some(bytes) = mutant.bytes(text) {
                let key = (Group::of(mutant.genre), bytes.start);
                pending.entry(key).or_default().push((number, bytes));
            }
        }
        let leaking = mutants.iter().filter(|(_, mutant)| mutant.replacement.contains("leak("));
        let mut finder = Finder {
            pending,
            leaking: leaking.map(|&(number, _)| number).collect(),
            found: Self::default(),
            uses: Vec::new(),
            chain: None,
            has_let: false,
            is_constant: false,
        };
        finder.visit_file(&file);
        let Finder { mut found, uses, .. } = finder;
        for function in &mut found.functions {
            // A use of a constant is a call of a shorter name.
            for (_, bytes) in uses.iter().filter(|(name, _)| short(name) == function.name) {
                function.edits.push((bytes.clone(), format!("{}()", function.name)));
            }
        }
        for &(number, _) in mutants {
            let has_site = |site: &Site| site.mutants.iter().any(|&(other, _)| other == number);
            if !found.list.iter().any(has_site) {
                found.obstacles.entry(number).or_insert(Obstacle::Unknown);
            }
        }
        Ok(found)
    }
}

/// What starts at a position: a guard and its first operator can have the same one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    Body,
    Operator,
    Arm,
    Guard,
    Field,
}

impl Group {
    fn of(genre: Genre) -> Self {
        match genre {
            Genre::FnValue => Self::Body,
            Genre::BinaryOperator | Genre::UnaryOperator => Self::Operator,
            Genre::MatchArm => Self::Arm,
            Genre::MatchArmGuard => Self::Guard,
            Genre::StructField => Self::Field,
        }
    }
}

struct Finder {
    pending: HashMap<(Group, usize), Vec<(usize, Range<usize>)>>,
    /// The mutants whose value is a leaked reference.
    leaking: BTreeSet<usize>,
    found: Sites,
    /// The constants that are used, with the bytes of their names.
    uses: Vec<(String, Range<usize>)>,
    /// The outermost of the binary expressions that directly contain the current one. A mutant replaces the
    /// operator in the text of all of it, because another operator can bind in another way.
    chain: Option<Range<usize>>,
    /// Whether such an expression contains `let`.
    has_let: bool,
    is_constant: bool,
}

impl Finder {
    fn place(&mut self, group: Group, start: usize, kind: Kind, bytes: Range<usize>) {
        let Some(mutants) = self.pending.remove(&(group, start)) else {
            return;
        };
        if self.is_constant {
            return self.obstruct(&mutants, Obstacle::Constant);
        }
        let same = |site: &&mut Site| site.kind == kind && site.bytes == bytes;
        match self.found.list.iter_mut().find(same) {
            Some(site) => site.mutants.extend(mutants),
            None => self.found.list.push(Site { kind, bytes, mutants }),
        }
    }

    fn obstruct(&mut self, mutants: &[(usize, Range<usize>)], obstacle: Obstacle) {
        let obstacles = mutants.iter().map(|&(number, _)| (number, obstacle));
        self.found.obstacles.extend(obstacles);
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        if let Some(keyword) = &signature.constness {
            let name = signature.ident.to_string();
            let keyword = keyword.span().byte_range();
            let edits = vec![(keyword.clone(), " ".repeat(keyword.len()))];
            self.unconst(name, block.span().byte_range(), edits);
        }
        self.within(false, |finder| {
            if let [first, .., last] | [first @ last] = &*block.stmts {
                let bytes = first.span().byte_range().start..last.span().byte_range().end;
                let is_iterator = matches!(&signature.output,
                    syn::ReturnType::Type(_, output) if matches!(**output, syn::Type::ImplTrait(_)));
                if is_iterator {
                    finder.leaks(bytes.start);
                }
                let kind = if is_iterator { Kind::IteratorBody } else { Kind::Body };
                finder.place(Group::Body, bytes.start, kind, bytes);
            }
        });
    }

    /// Records that something constant with mutants inside becomes a function. Returns whether there are any.
    fn unconst(
        &mut self,
        name: String,
        inside: Range<usize>,
        edits: Vec<(Range<usize>, String)>,
    ) -> bool {
        let is_inside = |(_, bytes): &&(usize, Range<usize>)| inside.contains(&bytes.start);
        let mutants = self.pending.values().flatten().filter(is_inside);
        let mutants: Vec<_> = mutants.map(|&(number, _)| number).collect();
        let has_mutants = !mutants.is_empty();
        if has_mutants {
            self.found.functions.push(ConstFunction { name, edits, mutants });
        }
        has_mutants
    }

    /// Removes the mutants of a body that return an iterator over `&mut T` in place of `&T`.
    fn leaks(&mut self, start: usize) {
        let Some(mutants) = self.pending.get_mut(&(Group::Body, start)) else {
            return;
        };
        let leaked: Vec<_> =
            mutants.extract_if(.., |(number, _)| self.leaking.contains(number)).collect();
        self.obstruct(&leaked, Obstacle::Invalid("an iterator over `&mut T` in place of `&T`"));
    }

    /// Visits what is a constant or not, outside of any expression.
    fn within(&mut self, is_constant: bool, visit: impl FnOnce(&mut Self)) {
        let chain = self.chain.take();
        let has_let = std::mem::take(&mut self.has_let);
        let outside = std::mem::replace(&mut self.is_constant, is_constant);
        visit(self);
        self.chain = chain;
        self.has_let = has_let;
        self.is_constant = outside;
    }

    fn binary(&mut self, expression: &syn::ExprBinary) {
        let start = expression.op.span().byte_range().start;
        let is_logical = matches!(expression.op, BinOp::And(_) | BinOp::Or(_));
        if (contains_let(expression) || (self.has_let && is_logical))
            && let Some(mutants) = self.pending.remove(&(Group::Operator, start))
        {
            self.obstruct(&mutants, Obstacle::Invalid("`||` next to `let`"));
        }
        let (chain, has_let) = (self.chain.clone(), self.has_let);
        if contains_let(expression) {
            self.has_let = true;
        } else {
            let all = chain.clone().unwrap_or_else(|| expression.span().byte_range());
            self.place(Group::Operator, start, Kind::Expression, all.clone());
            self.chain = Some(all);
        }
        self.operand(&expression.left);
        self.operand(&expression.right);
        (self.chain, self.has_let) = (chain, has_let);
    }

    fn operand(&mut self, operand: &Expr) {
        match operand {
            Expr::Binary(binary) => self.binary(binary),
            _ => self.visit_expr(operand),
        }
    }
}

/// Returns the name of the function that a constant becomes, so that a call is as long as the name.
pub fn short(name: &str) -> &str {
    name.get(..name.len().saturating_sub(2)).unwrap_or(name)
}

/// Returns whether a pattern is a new variable, which matches anything.
fn is_name(pattern: &Pat) -> bool {
    let is_lower = |name: String| name.starts_with(|first: char| first.is_lowercase());
    matches!(pattern, Pat::Ident(name) if name.subpat.is_none() && is_lower(name.ident.to_string()))
}

fn contains_let(expression: &syn::ExprBinary) -> bool {
    [&expression.left, &expression.right].into_iter().any(|side| match &**side {
        Expr::Let(_) => true,
        Expr::Binary(binary) => contains_let(binary),
        _ => false,
    })
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        self.within(false, |finder| visit::visit_item_fn(finder, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        self.within(false, |finder| visit::visit_impl_item_fn(finder, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block);
        }
        self.within(false, |finder| visit::visit_trait_item_fn(finder, item));
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let name = item.ident.to_string();
        // Uses in other files aren't known.
        let is_private = matches!(item.vis, syn::Visibility::Inherited) && name.len() > 3;
        let start = item.const_token.span().byte_range().start..item.ty.span().byte_range().start;
        let head = format!("fn {}() ->", short(&name));
        let edits = vec![
            (start.clone(), format!("{head:len$}", len = start.len())),
            (item.eq_token.span().byte_range(), "{".to_owned()),
            (item.semi_token.span().byte_range(), "}".to_owned()),
        ];
        let inside = item.expr.span().byte_range();
        let is_switched = is_private && self.unconst(short(&name).to_owned(), inside, edits);
        self.within(!is_switched, |finder| visit::visit_item_const(finder, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.within(true, |finder| visit::visit_impl_item_const(finder, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.within(true, |finder| visit::visit_item_static(finder, item));
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        self.within(true, |finder| visit::visit_type_array(finder, array));
    }

    fn visit_expr_repeat(&mut self, repeat: &'ast syn::ExprRepeat) {
        self.visit_expr(&repeat.expr);
        self.within(true, |finder| finder.visit_expr(&repeat.len));
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        let is_constant = self.is_constant || matches!(expression, Expr::Const(_));
        self.within(is_constant, |finder| {
            let bytes = expression.span().byte_range();
            match expression {
                Expr::Binary(binary) => return finder.binary(binary),
                Expr::Path(path) => {
                    let name = path.path.get_ident().map(ToString::to_string);
                    finder.uses.extend(name.map(|name| (name, bytes)));
                }
                Expr::Unary(_) => {
                    finder.place(Group::Operator, bytes.start, Kind::Expression, bytes.clone());
                }
                Expr::Struct(structure) => {
                    for field in &structure.fields {
                        let start = match &field.member {
                            Member::Named(name) => name.span().byte_range().start,
                            Member::Unnamed(index) => index.span().byte_range().start,
                        };
                        finder.place(Group::Field, start, Kind::Expression, bytes.clone());
                    }
                }
                _ => {}
            }
            visit::visit_expr(finder, expression);
        });
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let start = arm.span().byte_range().start;
        match &arm.guard {
            Some((_, guard)) => {
                let bytes = guard.span().byte_range();
                self.place(Group::Arm, start, Kind::Guard, bytes.clone());
                self.place(Group::Guard, bytes.start, Kind::Guard, bytes);
            }
            None if is_name(&arm.pat) => {
                if let Some(mutants) = self.pending.remove(&(Group::Arm, start)) {
                    self.obstruct(&mutants, Obstacle::Invalid("the last arm matches the rest"));
                }
            }
            None => {
                let end = arm.pat.span().byte_range().end;
                self.place(Group::Arm, start, Kind::Pattern, end..end);
            }
        }
        visit::visit_arm(self, arm);
    }
}
