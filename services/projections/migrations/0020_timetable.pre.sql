-- Timetable: programs, class types, published policies, weekly series and closures; written by the
-- projector from booking's events. Sessions learn which of them they belong to, and what changed.
ALTER TABLE views.class_sessions
    ADD COLUMN program_id uuid, ADD COLUMN class_type_id uuid, ADD COLUMN schedule_id uuid,
    ADD COLUMN original_instructor_id uuid, ADD COLUMN free_cancel_until timestamptz;
ALTER TABLE views.roster_sessions
    ADD COLUMN program_id uuid, ADD COLUMN class_type_id uuid, ADD COLUMN schedule_id uuid,
    ADD COLUMN original_instructor_id uuid, ADD COLUMN free_cancel_until timestamptz;

CREATE TABLE views.programs (
    gym_id uuid NOT NULL,
    program_id  uuid NOT NULL,
    name        text NOT NULL,
    description text NOT NULL,
    is_retired  bool NOT NULL,
    version  int    NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (gym_id, program_id)
);
SELECT views.protect('views.programs');

CREATE TABLE views.class_types (
    gym_id uuid NOT NULL,
    class_type_id uuid NOT NULL,
    program_id    uuid NOT NULL,
    name          text NOT NULL,
    description   text NOT NULL,
    minutes       int  NOT NULL,
    capacity      int  NOT NULL,
    overrides     text NOT NULL, -- JSON
    is_retired    bool NOT NULL,
    version  int    NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (gym_id, class_type_id)
);
SELECT views.protect('views.class_types');

CREATE TABLE views.booking_policies (
    gym_id         uuid        NOT NULL,
    number         int         NOT NULL, -- of the version
    effective_from timestamptz NOT NULL,
    preset         text,
    policy         text        NOT NULL, -- JSON
    version        int         NOT NULL,
    position       bigint      NOT NULL,
    PRIMARY KEY (gym_id, number)
);
SELECT views.protect('views.booking_policies');

CREATE TABLE views.schedules (
    gym_id uuid NOT NULL,
    schedule_id  uuid   NOT NULL,
    location_id  uuid   NOT NULL,
    time_zone    text   NOT NULL,
    pattern      text   NOT NULL, -- JSON, as it was said last
    pattern_from date   NOT NULL,
    from_date    date   NOT NULL,
    until_date   date,
    except_dates date[] NOT NULL,
    placed_until date,
    version  int    NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (gym_id, schedule_id)
);
SELECT views.protect('views.schedules');

CREATE TABLE views.closures (
    gym_id      uuid   NOT NULL,
    closure_id  uuid   NOT NULL,
    location_id uuid   NOT NULL,
    from_date   date   NOT NULL,
    until_date  date   NOT NULL,
    reason      text   NOT NULL,
    version     int    NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (gym_id, closure_id)
);
SELECT views.protect('views.closures');

-- Each of the following: at least one row; its first id is null when there is nothing to show.
CREATE FUNCTION views.programs(p_gym uuid) RETURNS TABLE (
    as_of bigint, program_id uuid, name text, description text, is_retired bool, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.program_id, s.name, s.description, s.is_retired, s.version
      FROM views.checkpoints c
      LEFT JOIN views.programs s ON s.gym_id = p_gym
     WHERE c.name = 'timetable'
     ORDER BY s.name, s.program_id;
END $$;

CREATE FUNCTION views.class_types(p_gym uuid) RETURNS TABLE (
    as_of bigint, class_type_id uuid, program_id uuid, name text, description text, minutes int,
    capacity int, overrides text, is_retired bool, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.class_type_id, s.program_id, s.name, s.description, s.minutes, s.capacity,
           s.overrides, s.is_retired, s.version
      FROM views.checkpoints c
      LEFT JOIN views.class_types s ON s.gym_id = p_gym
     WHERE c.name = 'timetable'
     ORDER BY s.name, s.class_type_id;
END $$;

CREATE FUNCTION views.booking_policies(p_gym uuid) RETURNS TABLE (
    as_of bigint, number int, effective_from timestamptz, preset text, policy text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.number, s.effective_from, s.preset, s.policy
      FROM views.checkpoints c
      LEFT JOIN views.booking_policies s ON s.gym_id = p_gym
     WHERE c.name = 'timetable'
     ORDER BY s.number;
END $$;

CREATE FUNCTION views.schedules(p_gym uuid, p_location uuid) RETURNS TABLE (
    as_of bigint, schedule_id uuid, location_id uuid, time_zone text, pattern text, pattern_from date,
    from_date date, until_date date, except_dates date[], placed_until date, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.schedule_id, s.location_id, s.time_zone, s.pattern, s.pattern_from,
           s.from_date, s.until_date, s.except_dates, s.placed_until, s.version
      FROM views.checkpoints c
      LEFT JOIN views.schedules s
             ON s.gym_id = p_gym AND (p_location IS NULL OR s.location_id = p_location)
     WHERE c.name = 'timetable'
     ORDER BY s.from_date, s.schedule_id;
END $$;

CREATE FUNCTION views.closures(p_gym uuid, p_location uuid) RETURNS TABLE (
    as_of bigint, closure_id uuid, location_id uuid, from_date date, until_date date, reason text
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.closure_id, s.location_id, s.from_date, s.until_date, s.reason
      FROM views.checkpoints c
      LEFT JOIN views.closures s
             ON s.gym_id = p_gym AND (p_location IS NULL OR s.location_id = p_location)
     WHERE c.name = 'timetable'
     ORDER BY s.from_date, s.closure_id;
END $$;

-- Sessions that start in [p_from, p_to), oldest first, behind the keyset (p_after_at, p_after_id).
-- At least one row; session_id is null when there is nothing to show.
DROP FUNCTION views.calendar_page(uuid, timestamptz, timestamptz, timestamptz, uuid, int);
CREATE FUNCTION views.calendar_page(
    p_gym uuid, p_from timestamptz, p_to timestamptz, p_after_at timestamptz, p_after_id uuid, p_first int
) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    program_id uuid, program_name text, class_type_id uuid, class_type_name text, schedule_id uuid,
    original_instructor_id uuid, original_instructor_name text, free_cancel_until timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, r.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version, s.program_id, p.name, s.class_type_id, t.name, s.schedule_id,
           s.original_instructor_id, o.name, s.free_cancel_until
      FROM views.checkpoints c
      LEFT JOIN (
            SELECT * FROM views.class_sessions
             WHERE gym_id = p_gym AND starts_at >= p_from AND starts_at < p_to
               AND (starts_at, session_id) > (p_after_at, p_after_id)
             ORDER BY starts_at, session_id LIMIT p_first) s ON true
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms r ON r.gym_id = p_gym AND r.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
      LEFT JOIN views.staff o ON o.gym_id = p_gym AND o.staff_id = s.original_instructor_id
      LEFT JOIN views.programs p ON p.gym_id = p_gym AND p.program_id = s.program_id
      LEFT JOIN views.class_types t ON t.gym_id = p_gym AND t.class_type_id = s.class_type_id
     WHERE c.name = 'calendar'
     ORDER BY s.starts_at, s.session_id;
END $$;

-- One session; session_id is null when the gym has no such session.
DROP FUNCTION views.session(uuid, uuid);
CREATE FUNCTION views.session(p_gym uuid, p_session uuid) RETURNS TABLE (
    as_of bigint, session_id uuid, title text, location_id uuid, location_name text, room_id uuid,
    room_name text, instructor_id uuid, instructor_name text, starts_at timestamptz,
    ends_at timestamptz, time_zone text, booking_opens_at timestamptz, booking_closes_at timestamptz,
    capacity int, reserved int, waiting int, checked_in int, status text, cancel_reason text, version int,
    program_id uuid, program_name text, class_type_id uuid, class_type_name text, schedule_id uuid,
    original_instructor_id uuid, original_instructor_name text, free_cancel_until timestamptz
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.title, s.location_id, l.name, s.room_id, r.name,
           s.instructor_id, i.name, s.starts_at, s.ends_at, s.time_zone, s.booking_opens_at,
           s.booking_closes_at, s.capacity, s.reserved, s.waiting, s.checked_in, s.status,
           s.cancel_reason, s.version, s.program_id, p.name, s.class_type_id, t.name, s.schedule_id,
           s.original_instructor_id, o.name, s.free_cancel_until
      FROM views.checkpoints c
      LEFT JOIN views.class_sessions s ON s.gym_id = p_gym AND s.session_id = p_session
      LEFT JOIN views.locations l ON l.gym_id = p_gym AND l.location_id = s.location_id
      LEFT JOIN views.rooms r ON r.gym_id = p_gym AND r.room_id = s.room_id
      LEFT JOIN views.staff i ON i.gym_id = p_gym AND i.staff_id = s.instructor_id
      LEFT JOIN views.staff o ON o.gym_id = p_gym AND o.staff_id = s.original_instructor_id
      LEFT JOIN views.programs p ON p.gym_id = p_gym AND p.program_id = s.program_id
      LEFT JOIN views.class_types t ON t.gym_id = p_gym AND t.class_type_id = s.class_type_id
     WHERE c.name = 'calendar';
END $$;
