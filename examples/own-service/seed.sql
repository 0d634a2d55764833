-- Run before each run on the direct connection, so it must leave the same state every time. Keys of the traffic are
-- numbers from 0 to {products} - 1.
DROP SCHEMA IF EXISTS press CASCADE;
CREATE SCHEMA press;
CREATE TABLE press.articles (id int PRIMARY KEY, title text NOT NULL, body text NOT NULL);
CREATE TABLE press.comments (id bigserial PRIMARY KEY, article_id int NOT NULL, stars int NOT NULL, words text NOT NULL);
INSERT INTO press.articles
  SELECT n, 'Article ' || n, repeat('All the news that fits. ', 20) FROM generate_series(0, {products} - 1) AS n;
INSERT INTO press.comments (article_id, stars, words)
  SELECT a, 1 + (a + c) % 5, 'comment ' || c
  FROM generate_series(0, {products} - 1) AS a, generate_series(1, {reviewsPerProduct}) AS c;
CREATE INDEX comments_of_article ON press.comments (article_id);
ANALYZE press.articles, press.comments;
