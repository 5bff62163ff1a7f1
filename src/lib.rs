//! radkick cuts off RADIUS sessions, and proves that it did.
pub mod radius;
