//! What rdkafka does not wrap, or wraps so that a message can panic it: headers whose names are not UTF-8; and giving memory
//! back to the system.
//!
//! A broker's words about a record that it refused are not to be had: `rd_kafka_message_produce_errstr` of librdkafka 2.12.1
//! points into the answer of the broker, which is freed by the time that the delivery report is read (`rd_kafka_dr_msgq0`
//! copies the answer and leaves the pointers). The code is reported in its place.
//!
//! rdkafka 0.39 reads a header's name with `to_str().unwrap()` (`message.rs`), and makes headers only of `&str`. Kafka
//! itself never looks at them, so a name may be any bytes. librdkafka's accessors give them as they came; they end a name
//! at its first zero byte, which [`carried`] keeps where it copies all headers whole.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_void};
use std::ptr;

use rdkafka::bindings::{
    rd_kafka_header_add, rd_kafka_header_cnt, rd_kafka_header_get_all, rd_kafka_headers_destroy, rd_kafka_headers_new,
    rd_kafka_headers_t, rd_kafka_message_headers,
};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::message::{BorrowedHeaders, BorrowedMessage, Message, OwnedHeaders};

/// A header as Kafka has it: a name of any bytes, and a value, which may be null.
pub(super) type RawHeader<'m> = (&'m [u8], Option<&'m [u8]>);

/// A message, with its headers looked up once.
pub(super) struct MessageWithHeaders<'c> {
    /// They point into what `message` owns.
    headers: Vec<RawHeader<'static>>,
    message: BorrowedMessage<'c>,
}

impl<'c> MessageWithHeaders<'c> {
    pub(super) fn new(message: BorrowedMessage<'c>) -> MessageWithHeaders<'c> {
        let found = headers(&message);
        // SAFETY: Names and values lie in memory of librdkafka's that belongs to the message, does not move with the Rust value,
        // and is freed when that is dropped. The message is private, is never replaced or changed, and is dropped together
        // with the list; the list is handed out only for as long as `self` is borrowed.
        let headers = unsafe { std::mem::transmute::<Vec<RawHeader<'_>>, Vec<RawHeader<'static>>>(found) };
        MessageWithHeaders { headers, message }
    }

    pub(super) fn message(&self) -> &BorrowedMessage<'c> {
        &self.message
    }

    /// The headers, in order.
    pub(super) fn headers(&self) -> &[RawHeader<'_>] {
        &self.headers
    }
}

/// The headers of a message, in order.
pub(super) fn headers<'m>(message: &'m BorrowedMessage<'_>) -> Vec<RawHeader<'m>> {
    let mut list: *mut rd_kafka_headers_t = ptr::null_mut();
    // SAFETY: The message is borrowed, so its pointer is valid; librdkafka parses the headers once and keeps them with the
    // message, which outlives what is returned.
    let code = unsafe { rd_kafka_message_headers(message.ptr(), &mut list) };
    if list.is_null() || RDKafkaErrorCode::from(code) != RDKafkaErrorCode::NoError {
        return Vec::new();
    }
    // SAFETY: `list` is a valid list of headers, as above.
    let count = unsafe { rd_kafka_header_cnt(list) };
    (0..count).filter_map(|index| header(list, index)).collect()
}

fn header<'m>(list: *const rd_kafka_headers_t, index: usize) -> Option<RawHeader<'m>> {
    let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
    // SAFETY: `list` is a valid list of headers, and librdkafka checks the index.
    let code = unsafe { rd_kafka_header_get_all(list, index, &mut name, &mut value, &mut size) };
    if RDKafkaErrorCode::from(code) != RDKafkaErrorCode::NoError {
        return None;
    }
    // SAFETY: librdkafka ends each name with a zero byte, and `value` points to `size` bytes, or is null. Both live as long as
    // the list, which the caller's lifetime is tied to.
    unsafe {
        let value = (!value.is_null()).then(|| std::slice::from_raw_parts(value.cast::<u8>(), size));
        Some((CStr::from_ptr(name).to_bytes(), value))
    }
}

/// The headers of a message, to be sent with another one: byte for byte as they came where `changed` is `None`, else those.
pub(super) fn carried(message: &BorrowedMessage<'_>, changed: Option<&[RawHeader<'_>]>) -> Option<OwnedHeaders> {
    match changed {
        None => message.headers().map(BorrowedHeaders::detach),
        Some([]) => None,
        Some(headers) => Some(owned(headers)),
    }
}

/// Headers with names of any bytes. rdkafka makes a list only of text, and copies any.
pub(super) fn owned(headers: &[RawHeader<'_>]) -> OwnedHeaders {
    // SAFETY: The list is made, filled, copied and destroyed here. Names and values are given with their sizes and copied
    // by librdkafka. `BorrowedHeaders` is rdkafka's stand-in for a list that librdkafka owns: a reference to it is the list's
    // address (`from_native_ptr` in its `message.rs`), and `detach` copies what is there.
    unsafe {
        let list = rd_kafka_headers_new(headers.len());
        for (name, value) in headers {
            let (bytes, size) = value.map_or((ptr::null(), 0), |value| (value.as_ptr().cast::<c_void>(), value.len()));
            rd_kafka_header_add(list, name.as_ptr().cast(), name.len().cast_signed(), bytes, size.cast_signed());
        }
        let copy = (*list.cast::<BorrowedHeaders>()).detach();
        rd_kafka_headers_destroy(list);
        copy
    }
}

/// Gives memory that is free back to the system. glibc keeps what it once had: after an extraordinary article that would be
/// gigabytes, for ever.
pub(super) fn release_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> std::ffi::c_int;
        }
        // SAFETY: glibc's own call, from any thread at any time; it touches only memory that is free.
        unsafe { malloc_trim(0) };
    }
}
