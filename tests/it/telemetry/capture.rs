//! A `tracing` subscriber that records everything.

use std::{
    fmt::{Debug, Write},
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
    subscriber::DefaultGuard,
};

/// The events and spans of this thread since its creation, at all levels.
#[derive(Clone, Default)]
pub struct Capture(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lines: Mutex<Vec<Line>>,
    spans: AtomicU64,
}

/// An event, or a span with its initial and later fields.
#[derive(Debug, Clone)]
pub struct Line {
    pub level: Level,
    pub target: String,
    /// The message, followed by `name=value` for each field.
    pub text: String,
}

impl Capture {
    /// Records on this thread until the guard is dropped.
    pub fn start() -> (Self, DefaultGuard) {
        // tracing caches for each call site whether any subscriber is interested. The global subscriber is interested
        // in all, so that a call site that another thread reaches first isn't disabled.
        static GLOBAL: Once = Once::new();
        GLOBAL.call_once(|| tracing::subscriber::set_global_default(Interested).unwrap());
        let capture = Self::default();
        let guard = tracing::subscriber::set_default(capture.clone());
        (capture, guard)
    }

    /// Takes everything that was recorded.
    pub fn take_all(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lines.lock().unwrap())
    }

    /// Takes what this crate has logged, and clears the rest.
    pub fn take(&self) -> Vec<Line> {
        let mut lines = self.take_all();
        lines.retain(|line| line.target.starts_with("portcullis"));
        lines
    }

    fn write(&self, metadata: &Metadata<'_>, record: impl FnOnce(&mut Text)) {
        let mut text = Text::default();
        record(&mut text);
        self.0.lines.lock().unwrap().push(Line {
            level: *metadata.level(),
            target: metadata.target().to_owned(),
            text: text.0,
        });
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &span::Attributes<'_>) -> span::Id {
        self.write(span.metadata(), |text| {
            text.0.push_str(span.metadata().name());
            span.record(text);
        });
        span::Id::from_u64(self.0.spans.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        let mut text = Text::default();
        values.record(&mut text);
        let line = Line { level: Level::TRACE, target: "a span's field".to_owned(), text: text.0 };
        self.0.lines.lock().unwrap().push(line);
    }

    fn event(&self, event: &Event<'_>) {
        self.write(event.metadata(), |text| event.record(text));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// A subscriber that is interested in everything and ignores it.
struct Interested;

impl Subscriber for Interested {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn event(&self, _: &Event<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0.insert_str(0, &format!("{value:?}"));
        } else {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }
}
