-- What else was done and seen about a session, as JSON: cookies taken away, how the user came back.
ALTER TABLE radkick_target ADD COLUMN detail TEXT;
