-- The platform's database, as Yearbook reads it: schema app, PostgreSQL 13 or later.
--
-- Run it with psql or send it whole over one connection; a second time it changes nothing.
-- Yearbook never writes here. Other tables and columns may exist beside these.
--
-- Foreign keys tie every row to its tenant and to the row it names, and on purpose no more: a
-- member of a room may be a user of another tenant. Such a reference is allowed by the platform,
-- shown as a guest in reports and counted in their data quality.

CREATE SCHEMA IF NOT EXISTS app;

CREATE TABLE IF NOT EXISTS app.tenant (
  id        uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  slug      text        NOT NULL UNIQUE,
  name      text        NOT NULL,
  timezone  text        NOT NULL,                       -- a name of pg_timezone_names: America/Sao_Paulo
  locale    text        NOT NULL,                       -- BCP 47, such as pt-BR
  currency  char(3)     NOT NULL,                       -- ISO 4217
  status    char(1)     NOT NULL DEFAULT 'A' CHECK (status IN ('A', 'I')),
  created   timestamptz NOT NULL DEFAULT now(),
  updated   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS app."user" (
  id             uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  tenantid       uuid        NOT NULL REFERENCES app.tenant (id),
  username       varchar(15) NOT NULL,
  firstname      varchar(30) NOT NULL,
  lastname       varchar(30) NOT NULL,
  email          varchar(50) NOT NULL,
  age            smallint    NOT NULL,
  account_status char(1)     NOT NULL DEFAULT 'C' CHECK (account_status IN ('C', 'A')),
  status         text        NOT NULL DEFAULT 'OFFLINE' CHECK (status IN ('ONLINE', 'OFFLINE')),
  picture        text,                                  -- object key
  privacy        text        NOT NULL DEFAULT 'names'
                             CHECK (privacy IN ('names', 'initials', 'none')),
  share          char(1)     NOT NULL DEFAULT 'N' CHECK (share IN ('N', 'Y')),  -- wants a year of their own
  created        timestamptz NOT NULL DEFAULT now(),
  updated        timestamptz NOT NULL DEFAULT now()
);

-- A room is a dojo.
CREATE TABLE IF NOT EXISTS app.room (
  id       uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  userid   uuid        NOT NULL REFERENCES app."user" (id),   -- who opened it
  tenantid uuid        NOT NULL REFERENCES app.tenant (id),
  date     timestamptz NOT NULL,                        -- scheduled for
  name     varchar(50) NOT NULL,                        -- the subject
  status   char(1)     NOT NULL DEFAULT 'A' CHECK (status IN ('A', 'I')),
  created  timestamptz NOT NULL DEFAULT now(),
  updated  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS app.room_member (
  roomid uuid NOT NULL REFERENCES app.room (id),
  userid uuid NOT NULL REFERENCES app."user" (id),
  PRIMARY KEY (roomid, userid)
);

CREATE TABLE IF NOT EXISTS app.dojo_recording (
  id         uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  roomid     uuid        NOT NULL REFERENCES app.room (id),
  tenantid   uuid        NOT NULL REFERENCES app.tenant (id),
  started    timestamptz NOT NULL,
  stopped    timestamptz,                               -- NULL: the recorder died
  object_key text        NOT NULL,
  created    timestamptz NOT NULL DEFAULT now()
);

-- A POC, a proof of concept that a user recorded.
CREATE TABLE IF NOT EXISTS app.pocuser (
  id          uuid         NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  userid      uuid         NOT NULL REFERENCES app."user" (id),
  tenantid    uuid         NOT NULL REFERENCES app.tenant (id),
  name        text         NOT NULL,
  description text,
  language    text,
  favorite    char(1)      NOT NULL DEFAULT 'N' CHECK (favorite IN ('N', 'Y')),
  tags        varchar(255),                             -- separated by commas
  repourl     varchar(255) NOT NULL DEFAULT '',
  created     timestamptz  NOT NULL DEFAULT now(),
  updated     timestamptz  NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS app.poc_screenshot (
  id         uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  pocid      uuid        NOT NULL REFERENCES app.pocuser (id),
  tenantid   uuid        NOT NULL REFERENCES app.tenant (id),
  object_key text        NOT NULL,
  created    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS app.message (
  id             uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  userid         uuid        NOT NULL REFERENCES app."user" (id),
  roomid         uuid        NOT NULL REFERENCES app.room (id),
  tenantid       uuid        NOT NULL REFERENCES app.tenant (id),
  body           text        NOT NULL,
  message_status char(1)     NOT NULL DEFAULT 'A' CHECK (message_status IN ('A', 'R')),
  created        timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS app.notification (
  id       uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  userid   uuid        NOT NULL REFERENCES app."user" (id),
  tenantid uuid        NOT NULL REFERENCES app.tenant (id),
  kind     text        NOT NULL,
  body     text        NOT NULL,
  created  timestamptz NOT NULL DEFAULT now(),
  read     timestamptz                                  -- NULL: not read yet
);

-- One mutable row a tenant and gateway: the subscription as it is now. What it was is in
-- billing_event.
CREATE TABLE IF NOT EXISTS app.billing (
  id             uuid          NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  tenantid       uuid          NOT NULL REFERENCES app.tenant (id),
  plan           varchar(15)   NOT NULL CHECK (plan IN ('M', 'Y')),   -- paid by the month, year
  price          numeric(10,2) NOT NULL,                -- a month's or a year's, by plan
  expirationdate timestamptz   NOT NULL,
  autorenew      smallint      NOT NULL DEFAULT 0 CHECK (autorenew IN (0, 1)),
  paymentgateway varchar(10)   NOT NULL,
  created        timestamptz   NOT NULL DEFAULT now(),
  updated        timestamptz   NOT NULL DEFAULT now(),
  UNIQUE (tenantid, paymentgateway)
);

CREATE TABLE IF NOT EXISTS app.billing_event (
  id        uuid          NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  billingid uuid          NOT NULL REFERENCES app.billing (id),
  tenantid  uuid          NOT NULL REFERENCES app.tenant (id),
  kind      text          NOT NULL
            CHECK (kind IN ('created', 'changed', 'cancelled', 'expired', 'reactivated')),
  plan      varchar(15)   NOT NULL CHECK (plan IN ('M', 'Y')),
  price     numeric(10,2) NOT NULL,
  currency  char(3)       NOT NULL,
  at        timestamptz   NOT NULL DEFAULT now()
);

-- An invoice is (billingid, invoice_number): its amount is the largest charge's total, its balance
-- that amount less the charges that succeeded. A refund reopens nothing.
CREATE TABLE IF NOT EXISTS app.payment (
  id              uuid          NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  billingid       uuid          NOT NULL REFERENCES app.billing (id),
  tenantid        uuid          NOT NULL REFERENCES app.tenant (id),
  total           numeric(12,2) NOT NULL,
  currency        char(3)       NOT NULL,
  payment_gateway varchar(10)   NOT NULL,
  kind            text          NOT NULL CHECK (kind IN ('charge', 'refund', 'dispute')),
  status          text          NOT NULL CHECK (status IN ('succeeded', 'failed', 'pending')),
  attempt         smallint      NOT NULL DEFAULT 1,
  invoice_number  text          NOT NULL,
  due             timestamptz   NOT NULL,
  created         timestamptz   NOT NULL DEFAULT now()
);

-- Lookups of the platform.
CREATE INDEX IF NOT EXISTS user_username ON app."user" (username);
CREATE INDEX IF NOT EXISTS room_name ON app.room (name);

-- A report reads one tenant's rows of one period; the rest are the ways back along a reference.
CREATE INDEX IF NOT EXISTS user_tenant ON app."user" (tenantid, created);
CREATE INDEX IF NOT EXISTS pocuser_tenant ON app.pocuser (tenantid, created);
CREATE INDEX IF NOT EXISTS pocuser_user ON app.pocuser (userid);
CREATE INDEX IF NOT EXISTS poc_screenshot_tenant ON app.poc_screenshot (tenantid, pocid);
CREATE INDEX IF NOT EXISTS poc_screenshot_poc ON app.poc_screenshot (pocid);
CREATE INDEX IF NOT EXISTS room_tenant ON app.room (tenantid, date);
CREATE INDEX IF NOT EXISTS room_user ON app.room (userid);
CREATE INDEX IF NOT EXISTS room_member_user ON app.room_member (userid);
CREATE INDEX IF NOT EXISTS dojo_recording_tenant ON app.dojo_recording (tenantid, started);
CREATE INDEX IF NOT EXISTS dojo_recording_room ON app.dojo_recording (roomid);
CREATE INDEX IF NOT EXISTS message_tenant ON app.message (tenantid, created);
CREATE INDEX IF NOT EXISTS message_room ON app.message (roomid);
CREATE INDEX IF NOT EXISTS message_user ON app.message (userid);
CREATE INDEX IF NOT EXISTS notification_tenant ON app.notification (tenantid, created);
CREATE INDEX IF NOT EXISTS notification_user ON app.notification (userid);
CREATE INDEX IF NOT EXISTS billing_event_tenant ON app.billing_event (tenantid, at);
CREATE INDEX IF NOT EXISTS billing_event_billing ON app.billing_event (billingid, at);
CREATE INDEX IF NOT EXISTS payment_tenant ON app.payment (tenantid, created);
CREATE INDEX IF NOT EXISTS payment_invoice ON app.payment (billingid, invoice_number);
