//! A minimal encoder for protocol buffers messages, so that rejections need no library.

/// A protocol buffers message under construction. Empty strings and zeros are defaults, and are left out.
#[derive(Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    pub(super) fn integer(mut self, field: u8, value: u64) -> Self {
        if value > 0 {
            self.tag(field, 0);
            self.varint(value);
        }
        self
    }

    pub(super) fn text(self, field: u8, text: &str) -> Self {
        if text.is_empty() { self } else { self.bytes(field, text.as_bytes()) }
    }

    pub(super) fn message(self, field: u8, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    /// Adds an entry of a `map<string, string>`.
    pub(super) fn entry(self, field: u8, key: &str, value: &str) -> Self {
        self.message(field, &Self::default().text(1, key).text(2, value))
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }

    fn bytes(mut self, field: u8, bytes: &[u8]) -> Self {
        self.tag(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// Writes a tag. Field numbers are constants below 16.
    fn tag(&mut self, field: u8, wire_type: u8) {
        self.0.push((field << 3) | wire_type);
    }

    fn varint(&mut self, mut value: u64) {
        loop {
            let [low, ..] = value.to_le_bytes();
            value >>= 7;
            if value == 0 {
                self.0.push(low & 0x7f);
                return;
            }
            self.0.push(low | 0x80);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_match_the_examples_in_the_protobuf_documentation() {
        assert_eq!(Message::default().integer(1, 150).finish(), [0x08, 0x96, 0x01]);
        let testing = [0x12, 0x07, b't', b'e', b's', b't', b'i', b'n', b'g'];
        assert_eq!(Message::default().text(2, "testing").finish(), testing);
        let nested = Message::default().message(3, &Message::default().integer(1, 150));
        assert_eq!(nested.finish(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(Message::default().integer(1, 0).text(2, "").finish(), [0; 0]);
    }
}
