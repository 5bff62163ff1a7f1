//! Tests of the tables in this room.
