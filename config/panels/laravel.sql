-- Limits of a Laravel panel with `users` and `plans`, for [quota] query_file. Portable: MariaDB, PostgreSQL and SQLite.
--
-- A child shares the plan, and the use, of its parent (users.parent_id); the subject is the parent's name. A plan
-- without a data_limit has no limit. Users without a plan do not appear: nothing limits them here.
-- A unit that is not named here gives -1, which is no limit that can be read: radkick says so and leaves the user alone.
SELECT u.username AS username,
       CASE
           WHEN plan.data_limit IS NULL THEN NULL
           WHEN upper(trim(plan.data_unit)) IN ('TB', 'TIB') THEN round(plan.data_limit * 1099511627776)
           WHEN upper(trim(plan.data_unit)) IN ('GB', 'GIB') THEN round(plan.data_limit * 1073741824)
           WHEN upper(trim(plan.data_unit)) IN ('MB', 'MIB') THEN round(plan.data_limit * 1048576)
           WHEN upper(trim(plan.data_unit)) IN ('KB', 'KIB') THEN round(plan.data_limit * 1024)
           WHEN upper(trim(plan.data_unit)) IN ('B', 'BYTES') THEN round(plan.data_limit)
           ELSE -1
       END AS limit_bytes,
       owner.plan_started_at AS period_start,
       owner.plan_expiry AS expires_at,
       owner.username AS subject
FROM users u
JOIN users owner ON owner.id = coalesce(u.parent_id, u.id)
JOIN plans plan ON plan.id = owner.plan_id
WHERE u.username IS NOT NULL AND u.username <> ''
