//! curl command lines, as in documentation.

/// The request of a command line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) url: String,
    /// Unchanged, such as `Authorization:Bearer abc`.
    pub(super) headers: Vec<String>,
    pub(super) body: String,
}

impl Request {
    /// Parses the options that the documentation uses, as curl does.
    pub(super) fn read(command: &str, variables: &[(&str, &str)]) -> Self {
        let mut words = words(command, variables).into_iter();
        assert_eq!(words.next().as_deref(), Some("curl"), "{command}");
        let (mut method, mut url, mut body) = (None, None, None);
        let mut headers = Vec::new();
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} without a value"));
            match word.as_str() {
                "-X" | "--request" => method = Some(value()),
                "-H" | "--header" => headers.push(value()),
                "-d" | "--data" => body = Some(value()),
                "-u" | "--user" => {
                    let encoded = base64_simd::STANDARD.encode_to_string(value());
                    headers.push(format!("Authorization: Basic {encoded}"));
                }
                "-i" | "-s" | "-v" => {}
                _ if word.starts_with("-X") => method = word.strip_prefix("-X").map(str::to_owned),
                _ if word.starts_with('-') => panic!("the plain client doesn't know {word}"),
                _ => assert_eq!(url.replace(word), None, "two addresses: {command}"),
            }
        }
        let has_type = headers.iter().any(|line| line.to_lowercase().starts_with("content-type:"));
        if body.is_some() && !has_type {
            headers.push("Content-Type: application/x-www-form-urlencoded".to_owned());
        }
        let method = method.unwrap_or(if body.is_some() { "POST" } else { "GET" }.to_owned());
        let url = url.unwrap_or_else(|| panic!("no address: {command}"));
        Self { method, url, headers, body: body.unwrap_or_default() }
    }
}

/// Splits a command line into words as a shell does, with quotes, `\`, and `$NAME` outside of single quotes.
fn words(command: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = command.chars().peekable();
    while let Some(character) = rest.next() {
        match (character, quote) {
            ('\\', None) => match rest.next() {
                None | Some('\n') => {}
                Some(escaped) => word.get_or_insert_default().push(escaped),
            },
            ('\\', Some('"')) => word.get_or_insert_default().extend(rest.next()),
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (_, Some(open)) if character == open => quote = None,
            ('$', None | Some('"')) => {
                let mut name = String::new();
                while let Some(next) = rest.next_if(|it| it.is_ascii_alphanumeric() || *it == '_') {
                    name.push(next);
                }
                let variable = variables.iter().find(|(one, _)| *one == name);
                let (_, value) = variable.unwrap_or_else(|| panic!("${name} isn't set"));
                word.get_or_insert_default().push_str(value);
            }
            (_, None) if character.is_whitespace() => words.extend(word.take()),
            (_, None) if "&|;<>()`*".contains(character) => {
                panic!("a shell reads {character} otherwise: quote it in {command}")
            }
            _ => word.get_or_insert_default().push(character),
        }
    }
    assert_eq!(quote, None, "a quote is open: {command}");
    words.extend(word);
    words
}

#[test]
fn a_command_line_is_parsed_as_by_a_shell_and_curl() {
    let variables = [("URL", "http://127.0.0.1:1"), ("TOKEN", "a b")];
    let command = r#"curl -v -XPUT $URL/a?b=c \
        -H 'Authorization:Bearer $x' -H "X: \"$TOKEN\"" --data '{"a": 1}'"#;
    let request = Request::read(command, &variables);
    assert_eq!(
        request,
        Request {
            method: "PUT".to_owned(),
            url: "http://127.0.0.1:1/a?b=c".to_owned(),
            headers: [
                "Authorization:Bearer $x",
                "X: \"a b\"",
                "Content-Type: application/x-www-form-urlencoded",
            ]
            .map(str::to_owned)
            .to_vec(),
            body: "{\"a\": 1}".to_owned(),
        }
    );
    let request = Request::read("curl -u alice:wonder:land $URL", &variables);
    assert_eq!(request.method, "GET");
    assert_eq!(request.headers, ["Authorization: Basic YWxpY2U6d29uZGVyOmxhbmQ="]);
    assert_eq!(Request::read("curl -d a=b $URL", &variables).method, "POST");
}
