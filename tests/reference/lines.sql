-- Customers and events from order lines: `lines` has customer_id, order_id (or null), bought_at and amount.
--
-- An order is one event: the lines of a customer with the same order_id or, without one, of the same day. A refund
-- is a separate event.

CREATE TABLE events AS
WITH orders AS (
    SELECT customer_id, order_id, min(bought_at) AS occurred_at, bought_at::DATE AS bought_on,
        sum(amount) FILTER (amount >= 0) AS paid, sum(amount) FILTER (amount < 0) AS given_back
    FROM lines GROUP BY customer_id, order_id, bought_on
), both_kinds AS (
    SELECT customer_id, order_id, occurred_at, 'purchase' AS kind, paid AS amount FROM orders WHERE paid IS NOT NULL
    UNION ALL
    SELECT customer_id, order_id, occurred_at, 'refund', given_back FROM orders WHERE given_back IS NOT NULL
)
SELECT row_number() OVER (ORDER BY customer_id, occurred_at, order_id, kind) AS event_id,
    customer_id, occurred_at, kind, amount::DECIMAL(12, 2) AS amount, NULL::BIGINT AS points, order_id::VARCHAR AS order_id,
    NULL::DATE AS expires_on, NULL::VARCHAR AS loyalty_status
FROM both_kinds;

CREATE TABLE customers AS
SELECT customer_id, NULL::VARCHAR AS source_id, NULL::VARCHAR AS name, NULL::VARCHAR AS email,
    NULL::VARCHAR AS gender, NULL::DATE AS birth_date, NULL::VARCHAR AS country, NULL::VARCHAR AS city,
    min(bought_at)::DATE AS join_date, min(bought_at)::DATE AS first_purchase, NULL::TIMESTAMP AS last_login,
    NULL::BOOLEAN AS is_active, NULL::VARCHAR AS loyalty_status, NULL::BIGINT AS loyalty_points,
    NULL::DECIMAL(12, 2) AS account_balance
FROM lines GROUP BY customer_id;
