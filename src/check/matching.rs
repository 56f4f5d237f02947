//! Matchers for text and lists that several kinds share.
