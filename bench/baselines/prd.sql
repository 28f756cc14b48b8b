-- The usual design: rows that are changed in place, one function a command, the class row locked by
-- SELECT ... FOR UPDATE. Does the job of our booking commands: idempotency, capacity, overlap, credit
-- hold, waitlist in order with promotion, and a row in an events table for whoever listens.
CREATE SCHEMA prd;

CREATE TABLE prd.classes (
    class_id  uuid        PRIMARY KEY,
    gym_id    uuid        NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    capacity  int         NOT NULL,
    booked    int         NOT NULL DEFAULT 0,
    waiting   int         NOT NULL DEFAULT 0,
    last_seq  int         NOT NULL DEFAULT 0,
    status    text        NOT NULL DEFAULT 'scheduled'
);

CREATE TABLE prd.credits (
    gym_id    uuid NOT NULL,
    client_id uuid NOT NULL,
    granted   int  NOT NULL,
    held      int  NOT NULL DEFAULT 0 CHECK (held BETWEEN 0 AND granted),
    PRIMARY KEY (gym_id, client_id)
);

CREATE TABLE prd.bookings (
    booking_id uuid        PRIMARY KEY DEFAULT uuidv7(),
    gym_id     uuid        NOT NULL,
    class_id   uuid        NOT NULL REFERENCES prd.classes,
    client_id  uuid        NOT NULL,
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    status     text        NOT NULL DEFAULT 'booked',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX ON prd.bookings (class_id, client_id) WHERE status = 'booked';
CREATE INDEX ON prd.bookings (gym_id, client_id) WHERE status = 'booked';

CREATE TABLE prd.waitlist (
    class_id  uuid        NOT NULL REFERENCES prd.classes,
    client_id uuid        NOT NULL,
    gym_id    uuid        NOT NULL,
    seq       int         NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (class_id, client_id)
);
CREATE INDEX ON prd.waitlist (class_id, seq);

CREATE TABLE prd.idempotency_keys (
    gym_id     uuid        NOT NULL,
    actor      text        NOT NULL,
    key        uuid        NOT NULL,
    answer     jsonb       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (gym_id, key, actor)
);

CREATE TABLE prd.events (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gym_id      uuid        NOT NULL,
    type        text        NOT NULL,
    actor       text        NOT NULL,
    data        jsonb       NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published   boolean     NOT NULL DEFAULT false
);

CREATE FUNCTION prd.is_busy(p_gym uuid, p_client uuid, p_from timestamptz, p_to timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM prd.bookings WHERE gym_id = p_gym AND client_id = p_client
                      AND status = 'booked' AND starts_at < p_to AND p_from < ends_at) $$;

-- Gives the client a seat of a class whose row is locked; its booking.
CREATE FUNCTION prd.take_seat(c prd.classes, p_actor text, p_client uuid) RETURNS uuid LANGUAGE plpgsql AS $$
DECLARE b uuid;
BEGIN
    INSERT INTO prd.bookings (gym_id, class_id, client_id, starts_at, ends_at)
    VALUES (c.gym_id, c.class_id, p_client, c.starts_at, c.ends_at) RETURNING booking_id INTO b;
    UPDATE prd.classes SET booked = booked + 1 WHERE class_id = c.class_id;
    UPDATE prd.credits SET held = held + 1 WHERE gym_id = c.gym_id AND client_id = p_client;
    INSERT INTO prd.events (gym_id, type, actor, data) VALUES (c.gym_id, 'booking.created', p_actor,
        jsonb_build_object('class_id', c.class_id, 'client_id', p_client, 'booking_id', b, 'booked', c.booked + 1));
    RETURN b;
END $$;

CREATE FUNCTION prd.book_class(p_gym uuid, p_actor text, p_key uuid, p_class uuid, p_client uuid, p_or_waitlist boolean)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    c prd.classes;
    w prd.credits;
    known jsonb;
BEGIN
    SELECT answer INTO known FROM prd.idempotency_keys WHERE gym_id = p_gym AND key = p_key AND actor = p_actor;
    IF FOUND THEN RETURN known; END IF;
    SELECT * INTO c FROM prd.classes WHERE class_id = p_class AND gym_id = p_gym FOR UPDATE;
    IF NOT FOUND OR c.status <> 'scheduled' THEN RAISE EXCEPTION 'SESSION_NOT_FOUND'; END IF;
    IF EXISTS (SELECT FROM prd.bookings WHERE class_id = p_class AND client_id = p_client AND status = 'booked') THEN
        RAISE EXCEPTION 'ALREADY_BOOKED';
    END IF;
    IF now() >= c.starts_at THEN RAISE EXCEPTION 'BOOKING_CLOSED'; END IF;
    IF prd.is_busy(p_gym, p_client, c.starts_at, c.ends_at) THEN RAISE EXCEPTION 'OVERLAP'; END IF;
    SELECT * INTO w FROM prd.credits WHERE gym_id = p_gym AND client_id = p_client FOR UPDATE;
    IF NOT FOUND OR w.granted <= w.held THEN RAISE EXCEPTION 'NO_ENTITLEMENT'; END IF;
    IF c.booked < c.capacity THEN
        known := jsonb_build_object('status', 'reserved', 'booking_id', prd.take_seat(c, p_actor, p_client));
    ELSIF NOT p_or_waitlist THEN
        RAISE EXCEPTION 'SESSION_FULL';
    ELSE
        INSERT INTO prd.waitlist (class_id, client_id, gym_id, seq) VALUES (p_class, p_client, p_gym, c.last_seq + 1);
        UPDATE prd.classes SET last_seq = last_seq + 1, waiting = waiting + 1 WHERE class_id = p_class;
        INSERT INTO prd.events (gym_id, type, actor, data) VALUES (p_gym, 'waitlist.joined', p_actor,
            jsonb_build_object('class_id', p_class, 'client_id', p_client, 'seq', c.last_seq + 1));
        known := jsonb_build_object('status', 'waiting', 'waitlist_position', c.waiting + 1);
    END IF;
    INSERT INTO prd.idempotency_keys (gym_id, actor, key, answer) VALUES (p_gym, p_actor, p_key, known);
    RETURN known;
END $$;

CREATE FUNCTION prd.cancel(p_gym uuid, p_actor text, p_key uuid, p_class uuid, p_client uuid)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    c prd.classes;
    b uuid;
    next prd.waitlist;
    known jsonb;
BEGIN
    SELECT answer INTO known FROM prd.idempotency_keys WHERE gym_id = p_gym AND key = p_key AND actor = p_actor;
    IF FOUND THEN RETURN known; END IF;
    SELECT * INTO c FROM prd.classes WHERE class_id = p_class AND gym_id = p_gym FOR UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'SESSION_NOT_FOUND'; END IF;
    UPDATE prd.bookings SET status = 'cancelled' WHERE class_id = p_class AND client_id = p_client AND status = 'booked'
    RETURNING booking_id INTO b;
    IF NOT FOUND THEN RAISE EXCEPTION 'NOT_BOOKED'; END IF;
    UPDATE prd.classes SET booked = booked - 1 WHERE class_id = p_class RETURNING * INTO c;
    UPDATE prd.credits SET held = held - 1 WHERE gym_id = p_gym AND client_id = p_client;
    INSERT INTO prd.events (gym_id, type, actor, data) VALUES (p_gym, 'booking.cancelled', p_actor,
        jsonb_build_object('class_id', p_class, 'client_id', p_client, 'booking_id', b, 'booked', c.booked));
    SELECT l.* INTO next FROM prd.waitlist l JOIN prd.credits w ON w.gym_id = p_gym AND w.client_id = l.client_id
     WHERE l.class_id = p_class AND w.held < w.granted AND NOT prd.is_busy(p_gym, l.client_id, c.starts_at, c.ends_at)
     ORDER BY l.seq LIMIT 1;
    IF FOUND AND c.booked < c.capacity THEN
        DELETE FROM prd.waitlist WHERE class_id = p_class AND client_id = next.client_id;
        UPDATE prd.classes SET waiting = waiting - 1 WHERE class_id = p_class;
        PERFORM prd.take_seat(c, p_actor, next.client_id);
    END IF;
    known := jsonb_build_object('status', 'cancelled_early', 'booking_id', b);
    INSERT INTO prd.idempotency_keys (gym_id, actor, key, answer) VALUES (p_gym, p_actor, p_key, known);
    RETURN known;
END $$;
