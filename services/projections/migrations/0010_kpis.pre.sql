-- KPIs: what the cards count, one row per session and one per seat ever taken. Written by the
-- projector from booking's events only; may be dropped and rebuilt at any time.
CREATE TABLE views.kpi_sessions (
    gym_id      uuid        NOT NULL,
    session_id  uuid        NOT NULL,
    location_id uuid        NOT NULL,
    time_zone   text        NOT NULL,
    local_date  date        NOT NULL, -- of the start, in time_zone
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL,
    capacity    int         NOT NULL,
    cancelled   boolean     NOT NULL,
    closed_by   text        NOT NULL, -- kind of actor that closed the books: staff, system; '' while open
    version     int         NOT NULL,
    position    bigint      NOT NULL,
    PRIMARY KEY (gym_id, session_id)
);
CREATE INDEX kpi_sessions_by_day ON views.kpi_sessions (gym_id, local_date, starts_at, session_id);
SELECT views.protect('views.kpi_sessions');

-- status: held, attended, no_show, or given_up for a seat that counts in no card.
CREATE TABLE views.kpi_seats (
    gym_id         uuid    NOT NULL,
    session_id     uuid    NOT NULL,
    reservation_id uuid    NOT NULL,
    status         text    NOT NULL,
    walk_in        boolean NOT NULL,
    version        int     NOT NULL,
    position       bigint  NOT NULL,
    PRIMARY KEY (gym_id, session_id, reservation_id)
);
SELECT views.protect('views.kpi_seats');

-- Sessions whose local date is in [p_from, p_to], oldest first, each with its seats. At least one row;
-- session_id is null when there is nothing. Seats are arrays that belong together, given_up left out.
CREATE FUNCTION views.kpi_sessions(p_gym uuid, p_from date, p_to date) RETURNS TABLE (
    as_of bigint, session_id uuid, location_id uuid, time_zone text, local_date date,
    starts_at timestamptz, ends_at timestamptz, capacity int, cancelled boolean, closed_by text,
    seat_ids uuid[], seat_statuses text[], seat_walk_ins boolean[]
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('app.gym_id', p_gym::text, true);
    RETURN QUERY
    SELECT c.position, s.session_id, s.location_id, s.time_zone, s.local_date, s.starts_at, s.ends_at,
           s.capacity, s.cancelled, s.closed_by, t.ids, t.statuses, t.walk_ins
      FROM views.checkpoints c
      LEFT JOIN (SELECT * FROM views.kpi_sessions
                  WHERE gym_id = p_gym AND local_date BETWEEN p_from AND p_to) s ON true
      LEFT JOIN LATERAL (
            SELECT array_agg(x.reservation_id) AS ids, array_agg(x.status) AS statuses,
                   array_agg(x.walk_in) AS walk_ins
              FROM (SELECT * FROM views.kpi_seats
                     WHERE gym_id = p_gym AND session_id = s.session_id AND status <> 'given_up'
                     ORDER BY reservation_id) x) t ON true
     WHERE c.name = 'kpis'
     ORDER BY s.starts_at, s.session_id;
END $$;
