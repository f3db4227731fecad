//! The recordings' place: what the redirect of `GET /call/{id}/mono-recording` leads to.

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::get,
};
use http::header;

/// A route outside both APIs: it needs no key, as presigned addresses do not.
pub(crate) fn storage_routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/_storage/{call}/{file}", get(recording))
}

/// A tenth of a second of silence, as WAV: 8000 samples a second, 8 bits.
async fn recording() -> Response {
    const SAMPLES: u32 = 800;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + SAMPLES).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(&8000_u32.to_le_bytes());
    wav.extend_from_slice(&1_u16.to_le_bytes());
    wav.extend_from_slice(&8_u16.to_le_bytes());
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&SAMPLES.to_le_bytes());
    wav.resize(wav.len() + 800, 0x80);
    ([(header::CONTENT_TYPE, "audio/wav")], wav).into_response()
}
