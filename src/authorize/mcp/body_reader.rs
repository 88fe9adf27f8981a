//! Reads a body up to a size limit.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::McpBody;

/// A body that is being read.
pub(super) struct BodyReader<B> {
    body: Option<Pin<Box<B>>>,
    /// Contains at most `max` bytes.
    read: Vec<u8>,
    max: usize,
}

/// A body that was read to its end or up to the limit.
pub(super) struct ReadBody<B: Body> {
    /// The whole body, if it is within the limit.
    pub(super) whole: Option<Bytes>,
    pub(super) body: McpBody<B>,
}

impl<B: Body<Data = Bytes>> BodyReader<B> {
    pub(super) fn new(body: B, max: usize) -> Self {
        // A body whose declared length exceeds the limit isn't read at all.
        let max = if body.size_hint().lower() > max as u64 { 0 } else { max };
        Self { body: Some(Box::pin(body)), read: Vec::new(), max }
    }

    /// Reads until the body ends, fails, or exceeds the limit.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ReadBody<B>> {
        loop {
            let Some(body) = &mut self.body else { return Poll::Pending };
            let next = match ready!(body.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(self.end(None)),
                Some(Err(error)) => return Poll::Ready(self.stop(Some(Err(error)))),
                Some(Ok(frame)) => frame,
            };
            match next.into_data() {
                Ok(data) if self.fits(&data) => self.read.extend_from_slice(&data),
                Ok(data) => return Poll::Ready(self.stop(Some(Ok(Frame::data(data))))),
                // Trailers are the last frame of a body.
                Err(trailers) => return Poll::Ready(self.end(Some(Ok(trailers)))),
            }
        }
    }

    fn fits(&self, data: &Bytes) -> bool {
        data.len() <= self.max.saturating_sub(self.read.len())
    }

    fn end(&mut self, next: Option<Result<Frame<Bytes>, B::Error>>) -> ReadBody<B> {
        let first = Bytes::from(mem::take(&mut self.read));
        self.body = None;
        ReadBody { whole: Some(first.clone()), body: McpBody::read(first, next, None) }
    }

    fn stop(&mut self, next: Option<Result<Frame<Bytes>, B::Error>>) -> ReadBody<B> {
        let first = Bytes::from(mem::take(&mut self.read));
        ReadBody { whole: None, body: McpBody::read(first, next, self.body.take()) }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, convert::Infallible, task::Waker};

    use http::{HeaderMap, HeaderValue};
    use http_body_util::BodyExt;

    use super::*;

    /// Yields frames, and returns `Pending` once before each.
    struct Frames(VecDeque<Result<Frame<Bytes>, &'static str>>, bool);

    impl Body for Frames {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            self.1 = !self.1;
            if self.1 { Poll::Pending } else { Poll::Ready(self.0.pop_front()) }
        }
    }

    fn frames(texts: &[&'static str]) -> Frames {
        let frame = |text: &&'static str| match *text {
            "fails" => Err("fails"),
            "trailers" => {
                let value = HeaderValue::from_static("x");
                Ok(Frame::trailers(HeaderMap::from_iter([("x".parse().unwrap(), value)])))
            }
            text => Ok(Frame::data(Bytes::from(text))),
        };
        Frames(texts.iter().map(frame).collect(), false)
    }

    fn poll_to_end<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(ready) = poll(&mut cx) {
                return ready;
            }
        }
    }

    #[test]
    fn a_body_is_passed_on_as_it_was_received() {
        for (received, whole, passed_on) in [
            (&["abc", "def"][..], Some("abcdef"), &["abcdef"][..]),
            (&["abcdef", "gh"], Some("abcdefgh"), &["abcdefgh"]),
            (&["abcdef", "ghi", "jk"], None, &["abcdef", "ghi", "jk"]),
            (&["123456789", "0"], None, &["123456789", "0"]),
            (&["abc", "trailers"], Some("abc"), &["abc", "trailers"]),
            (&["abc", "fails"], None, &["abc", "fails"]),
            (&[], Some(""), &[]),
        ] {
            let mut reader = BodyReader::new(frames(received), 8);
            let read = poll_to_end(|cx| reader.poll(cx));
            assert_eq!(read.whole.as_deref(), whole.map(str::as_bytes), "{received:?}");
            let mut body = Box::pin(read.body);
            let mut found = Vec::new();
            while let Some(frame) = poll_to_end(|cx| body.as_mut().poll_frame(cx)) {
                found.push(match frame.map(Frame::into_data) {
                    Ok(Ok(data)) => String::from_utf8(data.to_vec()).unwrap(),
                    Ok(Err(_)) => "trailers".to_owned(),
                    Err(error) => error.to_owned(),
                });
            }
            assert_eq!(found, passed_on, "{received:?}");
        }
    }

    #[test]
    fn a_body_with_too_long_a_content_length_is_not_read() {
        let body = http_body_util::Full::new(Bytes::from("123456789"));
        let mut reader = BodyReader::new(body, 8);
        let read = poll_to_end(|cx| reader.poll(cx));
        assert_eq!(read.whole, None);
        assert_eq!(read.body.size_hint().exact(), Some(9));
        let mut body = Box::pin(read.body.collect());
        let collected: Result<_, Infallible> =
            poll_to_end(|cx| std::future::Future::poll(body.as_mut(), cx));
        assert_eq!(collected.unwrap().to_bytes(), "123456789");
    }
}
