-- Limits of a Laravel panel with `users` and `plans`, for [quota] query_file. Portable: MariaDB, PostgreSQL and SQLite.
--
-- A child shares the plan, and the use, of its parent (users.parent_id); the subject is the parent's name. A plan
-- without a data_limit has no limit. Users without a plan do not appear: nothing limits them here.
SELECT u.username AS username,
       CASE plan.data_unit
           WHEN 'TB' THEN plan.data_limit * 1099511627776
           WHEN 'GB' THEN plan.data_limit * 1073741824
           WHEN 'MB' THEN plan.data_limit * 1048576
           ELSE plan.data_limit
       END AS limit_bytes,
       owner.plan_started_at AS period_start,
       owner.plan_expiry AS expires_at,
       owner.username AS subject
FROM users u
JOIN users owner ON owner.id = coalesce(u.parent_id, u.id)
JOIN plans plan ON plan.id = owner.plan_id
WHERE u.username IS NOT NULL AND u.username <> ''
