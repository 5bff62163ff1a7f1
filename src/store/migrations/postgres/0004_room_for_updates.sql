-- Each step changes rows of these two: with room on their page no index has to follow.
ALTER TABLE radkick_session SET (fillfactor = 60);
ALTER TABLE radkick_usage SET (fillfactor = 60);
