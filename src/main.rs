//! radkick
fn main() {}
