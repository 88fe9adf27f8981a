//! The protocol of a request or a response: HTTP, gRPC or grpc-web.

use http::{HeaderValue, Method, Request, header::CONTENT_TYPE};

/// The protocol of a request or a response, determined by its `content-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Grpc(MessageFormat),
    GrpcWeb(MessageFormat),
    GrpcWebText(MessageFormat),
}

/// The message format that a gRPC media type names after its `+`. A rejection repeats it, because some clients require
/// that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MessageFormat {
    Unnamed,
    Json,
    Proto,
}

const GRPC: &[u8] = b"application/grpc";

impl Protocol {
    /// Returns the protocol of a request.
    ///
    /// gRPC calls always use POST. Any other request with a gRPC media type is rejected as HTTP. Otherwise, a cache
    /// could store the rejection of a GET, which would have status 200.
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        if request.method() != Method::POST {
            return Self::Http;
        }
        match request.headers().get(CONTENT_TYPE) {
            Some(media_type) => Self::of_media_type(media_type.as_bytes()),
            None => Self::Http,
        }
    }

    /// Returns the protocol of a response. The content type of the request doesn't matter, because the service decides.
    #[cfg(feature = "expiry")]
    pub(crate) fn of_response(headers: &http::HeaderMap) -> Self {
        let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        media_type.map_or(Self::Http, Self::of_media_type)
    }

    fn of_media_type(media_type: &[u8]) -> Self {
        let Some((start, rest)) = media_type.split_at_checked(GRPC.len()) else {
            return Self::Http;
        };
        if !start.eq_ignore_ascii_case(GRPC) {
            return Self::Http;
        }
        // The longer name comes first, because it starts with the shorter one.
        for (name, protocol) in [
            ("-web-text", Self::GrpcWebText as fn(MessageFormat) -> Self),
            ("-web", Self::GrpcWeb),
            ("", Self::Grpc),
        ] {
            if let Some((start, format)) = rest.split_at_checked(name.len())
                && start.eq_ignore_ascii_case(name.as_bytes())
                && let Some(format) = MessageFormat::of(format)
            {
                return protocol(format);
            }
        }
        Self::Http
    }

    /// Encodes trailers as grpc-web sends them after messages, in the body. Returns `None` if the protocol has
    /// trailers.
    #[cfg(feature = "expiry")]
    pub(crate) fn trailers_in_body(self, trailers: &http::HeaderMap) -> Option<Vec<u8>> {
        let is_text = match self {
            Self::Http | Self::Grpc(_) => return None,
            Self::GrpcWeb(_) => false,
            Self::GrpcWebText(_) => true,
        };
        let mut block = Vec::new();
        for (name, value) in trailers {
            block.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        let length = u32::try_from(block.len()).unwrap_or(u32::MAX);
        let mut frame = vec![0x80];
        frame.extend(length.to_be_bytes());
        frame.append(&mut block);
        Some(if is_text { super::base64::encode_padded(&frame).into_bytes() } else { frame })
    }

    /// Returns the media type of a rejection. Returns `None` for HTTP, where the format of the body determines it.
    pub(super) fn content_type(self) -> Option<HeaderValue> {
        use MessageFormat::{Json, Proto, Unnamed};
        let media_type = match self {
            Self::Http => return None,
            Self::Grpc(Unnamed) => "application/grpc",
            Self::Grpc(Json) => "application/grpc+json",
            Self::Grpc(Proto) => "application/grpc+proto",
            Self::GrpcWeb(Unnamed) => "application/grpc-web",
            Self::GrpcWeb(Json) => "application/grpc-web+json",
            Self::GrpcWeb(Proto) => "application/grpc-web+proto",
            Self::GrpcWebText(Unnamed) => "application/grpc-web-text",
            Self::GrpcWebText(Json) => "application/grpc-web-text+json",
            Self::GrpcWebText(Proto) => "application/grpc-web-text+proto",
        };
        Some(HeaderValue::from_static(media_type))
    }
}

impl MessageFormat {
    /// Parses what follows the name in a media type: nothing, `+format`, or parameters. An unknown format is left out
    /// of the response, so that a client can't inject text. Returns `None` if the name itself continues.
    fn of(rest: &[u8]) -> Option<Self> {
        match rest {
            [] | [b';' | b' ' | b'\t', ..] => Some(Self::Unnamed),
            [b'+', format @ ..] => {
                let end = format.iter().position(|byte| matches!(byte, b';' | b' ' | b'\t'));
                let format = end.and_then(|end| format.get(..end)).unwrap_or(format);
                Some(if format.eq_ignore_ascii_case(b"proto") {
                    Self::Proto
                } else if format.eq_ignore_ascii_case(b"json") {
                    Self::Json
                } else {
                    Self::Unnamed
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        MessageFormat::{Json, Proto, Unnamed},
        Protocol::{Grpc, GrpcWeb, GrpcWebText, Http},
        *,
    };

    #[test]
    fn the_protocol_is_detected_from_the_media_type() {
        for (media_type, protocol) in [
            ("application/grpc", Grpc(Unnamed)),
            ("application/grpc+proto", Grpc(Proto)),
            ("application/grpc+json", Grpc(Json)),
            ("application/grpc+thrift", Grpc(Unnamed)),
            ("Application/GRPC+Proto", Grpc(Proto)),
            ("application/grpc;charset=utf-8", Grpc(Unnamed)),
            ("application/grpc+proto; charset=utf-8", Grpc(Proto)),
            ("application/grpc-web", GrpcWeb(Unnamed)),
            ("application/grpc-web+proto", GrpcWeb(Proto)),
            ("application/grpc-web+json", GrpcWeb(Json)),
            ("application/grpc-web-text", GrpcWebText(Unnamed)),
            ("application/grpc-web-text+proto", GrpcWebText(Proto)),
            ("application/grpc-websocket", Http),
            ("application/grpc-web-texts", Http),
            ("application/grpcs", Http),
            ("application/grp", Http),
            ("application/json", Http),
            ("text/application/grpc", Http),
            (" application/grpc", Http),
            ("", Http),
        ] {
            let request = Request::post("/").header(CONTENT_TYPE, media_type).body(()).unwrap();
            assert_eq!(Protocol::of(&request), protocol, "{media_type}");
        }
        assert_eq!(Protocol::of(&Request::post("/").body(()).unwrap()), Http);
    }

    #[test]
    fn only_post_requests_are_grpc() {
        for method in ["GET", "HEAD", "PUT", "OPTIONS", "post"] {
            let request =
                Request::builder().method(method).header(CONTENT_TYPE, "application/grpc");
            assert_eq!(Protocol::of(&request.body(()).unwrap()), Http, "{method}");
        }
    }

    #[cfg(feature = "expiry")]
    #[test]
    fn trailers_after_messages_are_a_frame_of_grpc_web() {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("grpc-status", 16.into());
        assert_eq!(Grpc(Proto).trailers_in_body(&trailers), None);
        let frame = GrpcWeb(Proto).trailers_in_body(&trailers).unwrap();
        assert_eq!(frame, b"\x80\0\0\0\x11grpc-status: 16\r\n");
        let text = GrpcWebText(Proto).trailers_in_body(&trailers).unwrap();
        assert_eq!(text, b"gAAAABFncnBjLXN0YXR1czogMTYNCg==");
    }

    #[test]
    fn a_rejection_has_the_media_type_of_its_request() {
        for protocol in [Grpc, GrpcWeb, GrpcWebText] {
            for format in [Unnamed, Json, Proto] {
                let media_type = protocol(format).content_type().unwrap();
                assert_eq!(Protocol::of_media_type(media_type.as_bytes()), protocol(format));
            }
        }
        assert_eq!(Http.content_type(), None);
    }
}
