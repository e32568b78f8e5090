-- Half a gigabyte and more of what databases hold: text, jsonb, numbers, and a table with more indexes than rows are wide;
-- :scale times.
CREATE TABLE articles (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title      text NOT NULL,
  body       text NOT NULL,
  written_at timestamptz NOT NULL
);
INSERT INTO articles (title, body, written_at)
SELECT 'Article ' || i,
       (SELECT string_agg(md5((i * 31 + j)::text) || ' lorem ipsum dolor sit amet ', '') FROM generate_series(1, 12) j),
       timestamptz '2020-01-01' + i * interval '7 minutes'
FROM generate_series(1, 280000 * :scale) i;

CREATE TABLE documents (id uuid PRIMARY KEY, content jsonb NOT NULL);
INSERT INTO documents
SELECT md5(i::text)::uuid,
       jsonb_build_object('number', i, 'name', 'customer ' || i % 5000, 'tags', jsonb_build_array(i % 7, i % 11, i % 13),
                          'address', jsonb_build_object('street', md5((i % 977)::text), 'city', 'City ' || i % 300))
FROM generate_series(1, 400000 * :scale) i;

CREATE TABLE measurements (
  sensor  int NOT NULL,
  at      timestamptz NOT NULL,
  value   double precision NOT NULL,
  quality numeric(6, 3) NOT NULL
);
INSERT INTO measurements
SELECT i % 400, timestamptz '2024-01-01' + i * interval '1 second', sin(i / 1000.0) * 100 + i % 17, (i::bigint * 7919 % 100000) / 1000.0
FROM generate_series(1, 1200000 * :scale) i;

CREATE TABLE orders (
  id       bigint PRIMARY KEY,
  customer int NOT NULL,
  product  int NOT NULL,
  status   text NOT NULL,
  placed   date NOT NULL,
  total    numeric(12, 2) NOT NULL
);
INSERT INTO orders
SELECT i, (i::bigint * 48271 % 50000)::int, i % 900, (ARRAY['open', 'paid', 'sent', 'returned'])[1 + i % 4],
       date '2022-01-01' + i % 1000, (i * 7919::bigint % 1000000) / 100.0
FROM generate_series(1, 500000 * :scale) i;
CREATE INDEX orders_customer ON orders (customer);
CREATE INDEX orders_product ON orders (product, placed);
CREATE INDEX orders_status ON orders (status) WHERE status <> 'sent';
CREATE INDEX orders_placed ON orders (placed, total);
CREATE INDEX orders_total ON orders (total);
