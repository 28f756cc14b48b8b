-- What counts in the cards: sessions of class types that are classes, seats paid with grants that count.
ALTER TABLE views.class_types ADD COLUMN kind text NOT NULL DEFAULT 'class';
ALTER TABLE views.kpi_sessions ADD COLUMN class_type_id uuid;
ALTER TABLE views.kpi_seats ADD COLUMN counts boolean NOT NULL DEFAULT true;

-- Class types that are no classes, and grants of staff, guests and tests: few of each.
CREATE TABLE views.kpi_other_kinds (
    gym_id        uuid NOT NULL,
    class_type_id uuid NOT NULL,
    kind          text NOT NULL,
    PRIMARY KEY (gym_id, class_type_id)
);
SELECT views.protect('views.kpi_other_kinds');
CREATE TABLE views.kpi_uncounted_grants (
    gym_id   uuid NOT NULL,
    grant_id uuid NOT NULL,
    PRIMARY KEY (gym_id, grant_id)
);
SELECT views.protect('views.kpi_uncounted_grants');

-- Like class_types, which stays as long as something reads it, with the kind.
CREATE FUNCTION views.classes_offered(p_gym uuid) RETURNS TABLE (
    as_of bigint, class_type_id uuid, program_id uuid, name text, description text, minutes int,
    capacity int, overrides text, kind text, is_retired bool, version int
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.class_type_id, s.program_id, s.name, s.description, s.minutes, s.capacity,
           s.overrides, s.kind, s.is_retired, s.version
      FROM views.checkpoints c
      LEFT JOIN views.class_types s ON s.gym_id = p_gym
     WHERE c.name = 'timetable'
     ORDER BY s.name, s.class_type_id;
END $$;

-- Like kpi_sessions, which stays as long as something reads it, with the kind and which seats count.
CREATE FUNCTION views.kpi_counted(p_gym uuid, p_from date, p_to date) RETURNS TABLE (
    as_of bigint, session_id uuid, location_id uuid, time_zone text, local_date date,
    starts_at timestamptz, ends_at timestamptz, capacity int, cancelled boolean, closed_by text,
    kind text, seat_ids uuid[], seat_statuses text[], seat_walk_ins boolean[], seat_counts boolean[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.location_id, s.time_zone, s.local_date, s.starts_at, s.ends_at,
           s.capacity, s.cancelled, s.closed_by, coalesce(k.kind, 'class'), t.ids, t.statuses,
           t.walk_ins, t.counts
      FROM views.checkpoints c
      LEFT JOIN (SELECT * FROM views.kpi_sessions
                  WHERE gym_id = p_gym AND local_date BETWEEN p_from AND p_to) s ON true
      LEFT JOIN views.kpi_other_kinds k ON k.gym_id = p_gym AND k.class_type_id = s.class_type_id
      LEFT JOIN LATERAL (
            SELECT array_agg(x.reservation_id) AS ids, array_agg(x.status) AS statuses,
                   array_agg(x.walk_in) AS walk_ins, array_agg(x.counts) AS counts
              FROM (SELECT * FROM views.kpi_seats
                     WHERE gym_id = p_gym AND session_id = s.session_id AND status <> 'given_up'
                     ORDER BY reservation_id) x) t ON true
     WHERE c.name = 'kpis'
     ORDER BY s.starts_at, s.session_id;
END $$;
