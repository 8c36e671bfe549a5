-- The results of events, directly from the rows of the sources `customers` and `events`, as of getvariable('as_of').
--
-- Shares nothing with the operations: each definition is written independently, as SQL for a database. Texts contain
-- only ASCII letters and spaces; other texts are for the tests of texts.

CREATE MACRO as_of() AS getvariable('as_of')::DATE;
CREATE MACRO month_of(day) AS date_trunc('month', day)::DATE;
CREATE MACRO months_between(earlier, later) AS
    12 * (year(later) - year(earlier)) + month(later) - month(earlier);
CREATE MACRO written(words) AS coalesce(nullif(trim(words), ''), 'Unknown');

---- Customers who exist at the as-of date and whose row is usable

CREATE TABLE existing AS
SELECT *, count(*) OVER (PARTITION BY customer_id) AS rows_of_this_id
FROM customers
WHERE join_date IS NULL OR join_date <= as_of();

CREATE TABLE used AS
SELECT * REPLACE (
    CASE WHEN first_purchase <= as_of() THEN first_purchase END AS first_purchase,
    CASE WHEN last_login::DATE <= as_of() THEN last_login::DATE END AS last_login
)
FROM existing
WHERE customer_id IS NOT NULL
    AND rows_of_this_id = 1
    AND (join_date IS NULL OR join_date >= DATE '1900-01-01')
    AND (first_purchase IS NULL OR first_purchase >= DATE '1900-01-01')
    AND (last_login IS NULL OR last_login::DATE >= DATE '1900-01-01')
    AND (first_purchase IS NULL OR join_date IS NULL OR first_purchase >= join_date)
    AND (last_login IS NULL OR join_date IS NULL OR last_login::DATE >= join_date)
    AND (loyalty_points IS NULL OR loyalty_points BETWEEN 0 AND 100000000000);

---- Events that are known at the as-of date, each with all its failed checks

CREATE TABLE checked_events AS
WITH known_events AS (
    SELECT *, occurred_at::DATE AS happened_on, lower(kind) AS written_kind,
        count(*) OVER (PARTITION BY event_id) AS rows_of_this_event
    FROM events WHERE occurred_at IS NULL OR occurred_at::DATE <= as_of()
)
SELECT *, list_filter([
    CASE WHEN event_id IS NULL THEN 'event_id_missing' END,
    CASE WHEN event_id IS NOT NULL AND rows_of_this_event > 1 THEN 'event_id_duplicate' END,
    CASE WHEN customer_id IS NULL THEN 'event_customer_id_missing' END,
    CASE WHEN occurred_at IS NULL THEN 'event_date_missing' END,
    CASE WHEN happened_on < DATE '1900-01-01' THEN 'event_date_before_1900' END,
    CASE WHEN coalesce(trim(kind), '') = '' THEN 'event_kind_missing' END,
    CASE WHEN written_kind NOT IN
        ('purchase', 'refund', 'earn', 'adjust', 'redeem', 'expire', 'login', 'tier_change')
        THEN 'event_kind_unknown' END,
    CASE WHEN written_kind = 'purchase' AND amount < 0 THEN 'event_purchase_below_zero' END,
    CASE WHEN written_kind = 'refund' AND amount > 0 THEN 'event_refund_above_zero' END,
    CASE WHEN written_kind IN ('purchase', 'earn') AND points < 0 THEN 'event_earned_below_zero' END,
    CASE WHEN written_kind IN ('refund', 'redeem', 'expire') AND points > 0 THEN 'event_deduction_above_zero' END,
    CASE WHEN points > 100000000000 THEN 'event_too_many_points' END,
    CASE WHEN points < -100000000000 THEN 'event_too_few_points' END,
    CASE WHEN customer_id IS NOT NULL AND customer_id NOT IN (SELECT customer_id FROM used)
        THEN 'event_customer_unknown' END
], lambda reason: reason IS NOT NULL) AS reasons
FROM known_events
-- Events of customers who are not known yet do not exist either.
WHERE customer_id IS NULL OR customer_id IN (SELECT customer_id FROM used)
    OR customer_id NOT IN (SELECT customer_id FROM customers WHERE join_date > as_of() AND customer_id IS NOT NULL);

CREATE TABLE happened AS
SELECT event_id, customer_id, occurred_at, happened_on, month_of(happened_on) AS happened_in,
    written_kind AS what, amount, points, order_id, expires_on, loyalty_status,
    coalesce(amount, 0) AS money, coalesce(points, 0) AS given,
    written_kind IN ('login', 'purchase', 'redeem') AS shows_activity
FROM checked_events WHERE len(reasons) = 0;

---- Months of customers

CREATE TABLE gaps AS
WITH on_days AS (
    SELECT DISTINCT customer_id, what, happened_on, happened_in FROM happened WHERE what IN ('login', 'purchase')
)
SELECT *, happened_on - lag(happened_on) OVER (PARTITION BY customer_id, what ORDER BY happened_on) AS gap
FROM on_days;

CREATE TABLE customer_months AS
WITH sums AS (
    SELECT customer_id, happened_in,
        count(DISTINCT CASE WHEN shows_activity THEN happened_on END) AS active_days,
        count_if(what = 'purchase') AS orders,
        sum(CASE WHEN what = 'purchase' THEN money ELSE 0 END) AS amount,
        count_if(what = 'refund') AS refunds,
        sum(CASE WHEN what = 'refund' THEN -money ELSE 0 END) AS refunded,
        sum(CASE WHEN what IN ('purchase', 'refund', 'earn', 'adjust') THEN given ELSE 0 END) AS earned,
        sum(CASE WHEN what = 'redeem' THEN -given ELSE 0 END) AS redeemed,
        sum(CASE WHEN what = 'expire' THEN -given ELSE 0 END) AS expired
    FROM happened GROUP BY ALL
), days_apart AS (
    SELECT customer_id, happened_in,
        count_if(what = 'login') AS logins,
        count(CASE WHEN what = 'login' THEN gap END) AS login_gaps,
        coalesce(sum(CASE WHEN what = 'login' THEN gap END), 0) AS login_gap_days,
        count(CASE WHEN what = 'purchase' THEN gap END) AS order_gaps,
        coalesce(sum(CASE WHEN what = 'purchase' THEN gap END), 0) AS order_gap_days
    FROM gaps GROUP BY ALL
), active AS (
    SELECT DISTINCT customer_id, happened_in FROM happened WHERE shows_activity
), flagged AS (
    SELECT sums.*,
        active_days > 0 AS is_active,
        EXISTS (FROM active a WHERE a.customer_id = sums.customer_id
            AND a.happened_in = sums.happened_in - INTERVAL 1 MONTH) AS was_active_before,
        NOT EXISTS (FROM active a WHERE a.customer_id = sums.customer_id
            AND a.happened_in < sums.happened_in) AS was_never_active,
        sum(orders) OVER (PARTITION BY sums.customer_id ORDER BY sums.happened_in) AS orders_so_far,
        join_date IS NULL
            OR month_of(join_date) >= (SELECT min(happened_in) FROM happened) AS joined_in_the_ledger
    FROM sums JOIN used USING (customer_id)
)
SELECT flagged.customer_id, flagged.happened_in AS month, is_active, active_days,
    is_active AND was_never_active AND joined_in_the_ledger AS is_new,
    is_active AND was_active_before AS is_retained,
    is_active AND NOT was_active_before AND NOT (was_never_active AND joined_in_the_ledger) AS is_resurrected,
    orders > 0 AND orders_so_far >= 2 AS is_repeat_buyer,
    orders, amount, refunds, refunded, earned, redeemed, expired,
    coalesce(logins, 0) AS logins, coalesce(login_gaps, 0) AS login_gaps,
    coalesce(login_gap_days, 0) AS login_gap_days, coalesce(order_gaps, 0) AS order_gaps,
    coalesce(order_gap_days, 0) AS order_gap_days
FROM flagged LEFT JOIN days_apart USING (customer_id, happened_in);

---- Customers, with their values from events and the members of the slicers

CREATE TABLE spellings AS
WITH found AS (
    SELECT 'status' AS slicer, written(loyalty_status) AS words FROM used
    UNION ALL SELECT 'country', written(country) FROM used
), counted AS (
    SELECT slicer, words, count(*) AS times FROM found GROUP BY ALL
)
SELECT slicer, lower(words) AS folded, sum(times) AS customers,
    CASE WHEN lower(words) = 'unknown' THEN 'Unknown'
        WHEN slicer = 'country' AND lower(words) = 'other' THEN 'Other'
        ELSE first(words ORDER BY times DESC, words) END AS spelling
FROM counted GROUP BY slicer, lower(words);

CREATE TABLE named_countries AS
SELECT folded, spelling FROM spellings
WHERE slicer = 'country' AND spelling NOT IN ('Unknown', 'Other')
ORDER BY customers DESC, spelling LIMIT 19;

CREATE TABLE customers_with_events AS
WITH of_events AS (
    SELECT customer_id,
        max(CASE WHEN shows_activity THEN happened_on END) AS last_active,
        count_if(what = 'purchase') AS orders,
        sum(CASE WHEN what IN ('purchase', 'refund') THEN money ELSE 0 END) AS spent,
        max(CASE WHEN what = 'purchase' THEN happened_on END) AS last_purchase,
        count(DISTINCT CASE WHEN what = 'login' AND happened_on > as_of() - 90 THEN happened_on END)
            AS logins_90_days
    FROM happened GROUP BY customer_id
), seen AS (
    SELECT used.*, coalesce(orders, 0) AS orders, coalesce(spent, 0) AS spent, last_purchase,
        coalesce(logins_90_days, 0) AS logins_90_days,
        greatest(last_login, last_active) AS last_seen,
        greatest(last_login, last_active) IS NOT NULL
            AND greatest(last_login, last_active) > as_of() - 90 AS is_active_by_behaviour
    FROM used LEFT JOIN of_events USING (customer_id)
), acting AS (
    SELECT *, CASE
        WHEN (SELECT count(is_active) FROM used) > 0
            THEN CASE is_active WHEN true THEN 'Active' WHEN false THEN 'Inactive' ELSE 'Unknown' END
        WHEN (SELECT count(last_seen) FROM seen) = 0 THEN 'Unknown'
        WHEN is_active_by_behaviour THEN 'Active' ELSE 'Inactive' END AS activity
    FROM seen
)
SELECT customer_id, last_seen, is_active_by_behaviour, orders, spent, last_purchase, logins_90_days,
    -- A customer born on 29 February becomes a year older on 1 March.
    CASE WHEN birth_date <= as_of() THEN 1 + len(list_filter([18, 25, 35, 45, 55, 65], lambda years: years <=
        year(as_of()) - year(birth_date)
        - ((month(as_of()), day(as_of())) < (month(birth_date), day(birth_date)))::INTEGER)) ELSE 8 END AS age_band,
    CASE WHEN coalesce(trim(gender), '') = '' THEN 'Not stated' ELSE trim(gender) END AS gender,
    month_of(join_date) AS join_month, activity,
    (SELECT spelling FROM spellings s WHERE s.slicer = 'status' AND s.folded = lower(written(loyalty_status)))
        AS status_member,
    CASE lower(written(country)) WHEN 'unknown' THEN 'Unknown'
        ELSE coalesce((SELECT spelling FROM named_countries c WHERE c.folded = lower(written(country))), 'Other')
        END AS country_member,
    CASE WHEN first_purchase IS NULL THEN 1
        WHEN last_login IS NULL OR last_login <= first_purchase THEN 2
        WHEN activity <> 'Active' THEN 3 ELSE 4 END AS funnel_stage
FROM acting;

---- Recent and total spending of customers

CREATE TABLE segment_rules AS FROM (VALUES
    ('Champions', 1, [5], [4, 5]), ('Loyal', 2, [3, 4], [4, 5]), ('Cannot Lose', 3, [1, 2], [5]),
    ('At Risk', 4, [1, 2], [3, 4]), ('Potential Loyalists', 5, [4, 5], [2, 3]), ('Need Attention', 6, [3], [3]),
    ('New', 7, [5], [1]), ('Promising', 8, [4], [1]), ('About to Sleep', 9, [3], [1, 2]),
    ('Hibernating', 10, [1, 2], [1, 2]), ('No Recent Order', 11, [], [])
) AS rules (rfm_segment, segment_order, recencies, frequencies);

-- A score is the fifth that contains the rank, from the lowest; equal values share the lowest rank.
CREATE MACRO fifth_of(lowest_rank, buyers) AS ((5 * lowest_rank + buyers - 1) // buyers)::SMALLINT;

CREATE TABLE recent_buyers AS
WITH recent AS (
    SELECT customer_id, count_if(what = 'purchase') AS recent_orders,
        sum(CASE WHEN what IN ('purchase', 'refund') THEN money ELSE 0 END) AS recent_amount,
        max(CASE WHEN what = 'purchase' THEN happened_on END) AS last_order
    FROM happened WHERE months_between(happened_in, as_of()) < 24 GROUP BY customer_id
), ranked AS (
    SELECT *, count(*) OVER () AS buyers,
        rank() OVER (ORDER BY last_order) AS rank_by_recency,
        rank() OVER (ORDER BY recent_orders) AS rank_by_frequency,
        rank() OVER (ORDER BY recent_amount) AS rank_by_amount
    FROM recent WHERE recent_orders > 0
)
SELECT customer_id, recent_orders, recent_amount, as_of() - last_order AS order_recency_days,
    fifth_of(rank_by_recency, buyers) AS recency_score,
    fifth_of(rank_by_frequency, buyers) AS frequency_score,
    fifth_of(rank_by_amount, buyers) AS monetary_score
FROM ranked;

-- Edges are 1, 2.5 and 5 times powers of ten that span 98% of the amounts above zero; only the eleven highest.
CREATE TABLE spent_edges AS
WITH steps AS (
    SELECT (digits * pow(10, power))::DECIMAL(18, 2) AS edge
    FROM (SELECT unnest([1, 2.5, 5]) AS digits), (SELECT unnest(range(-1, 12)) AS power)
), reached AS (
    SELECT edge, row_number() OVER (ORDER BY edge) AS place,
        (SELECT count(*) FROM customers_with_events WHERE spent > 0 AND spent <= edge) AS customers,
        (SELECT count(*) FROM customers_with_events WHERE spent > 0) AS all_customers
    FROM steps
), tails AS (
    SELECT min(place) FILTER (100 * customers >= all_customers) AS low,
        min(place) FILTER (100 * customers >= 99 * all_customers) AS high
    FROM reached
)
SELECT edge FROM reached, tails WHERE all_customers > 0 AND place BETWEEN greatest(low, high - 10) AND high;

CREATE TABLE customers_valued AS
SELECT customers.*, recent.* EXCLUDE (customer_id),
    CASE WHEN spent < 0 THEN -1 WHEN spent = 0 THEN 0
        ELSE 1 + (SELECT count(*) FROM spent_edges WHERE edge < spent) END AS spent_band,
    CASE WHEN orders = 0 THEN 0 WHEN orders = 1 THEN 1 WHEN orders <= 3 THEN 2 WHEN orders <= 6 THEN 3
        WHEN orders <= 12 THEN 4 WHEN orders <= 24 THEN 5 ELSE 6 END AS orders_band,
    coalesce((SELECT rfm_segment FROM segment_rules
        WHERE list_contains(recencies, recency_score) AND list_contains(frequencies, frequency_score)),
        'No Recent Order') AS rfm_segment
FROM customers_with_events AS customers LEFT JOIN recent_buyers AS recent USING (customer_id);

CREATE TABLE profiles AS
WITH recent AS (
    SELECT customer_id, sum(orders) AS recent_orders, sum(amount - refunded) AS recent_amount
    FROM customer_months WHERE month > month_of(as_of()) - INTERVAL 24 MONTH GROUP BY customer_id
)
SELECT valued.* EXCLUDE (recent_orders, recent_amount),
    coalesce(recent.recent_orders, 0) AS recent_orders, coalesce(recent.recent_amount, 0) AS recent_amount
FROM customers_valued AS valued LEFT JOIN recent USING (customer_id);

CREATE TABLE rfm_segments AS SELECT rfm_segment, segment_order FROM segment_rules;

CREATE TABLE rfm_scores AS
WITH scored AS (
    SELECT 'recency' AS score_of, recency_score AS score, order_recency_days AS shown FROM recent_buyers
    UNION ALL SELECT 'frequency', frequency_score, recent_orders FROM recent_buyers
    UNION ALL SELECT 'monetary', monetary_score, recent_amount FROM recent_buyers
)
SELECT score_of, score, count(shown) AS customers_with_score, min(shown) AS lowest, max(shown) AS highest
FROM (SELECT unnest(['recency', 'frequency', 'monetary']) AS score_of)
CROSS JOIN (SELECT unnest(range(1, 6)) AS score)
LEFT JOIN scored USING (score_of, score) GROUP BY ALL;

CREATE TABLE value_segments AS
SELECT join_month, status_member AS loyalty_status, activity, country_member AS country, rfm_segment,
    count(*) AS customers, count(recent_orders) AS recent_buyers,
    coalesce(sum(recent_orders), 0) AS recent_orders, coalesce(sum(recent_amount), 0) AS recent_amount,
    coalesce(sum(order_recency_days), 0) AS order_recency_days
FROM customers_valued GROUP BY 1, 2, 3, 4, 5;

CREATE TABLE spending_segments AS
SELECT join_month, status_member AS loyalty_status, activity, country_member AS country, spent_band, orders_band,
    count(*) AS customers, sum(spent) AS spent_sum, sum(orders) AS orders_sum
FROM customers_valued GROUP BY 1, 2, 3, 4, 5, 6;

CREATE TABLE top_spenders AS
SELECT join_month, status_member AS loyalty_status, activity, country_member AS country,
    row_number() OVER (PARTITION BY join_month, status_member, activity, country_member
        ORDER BY spent DESC, customer_id) AS cell_rank,
    customer_id,
    CASE WHEN trim(source_id) <> '' AND NOT contains(source_id, '@') THEN source_id
        ELSE customer_id::VARCHAR END AS source_id,
    name, spent
FROM customers_valued JOIN (SELECT customer_id, source_id, name FROM used) USING (customer_id)
WHERE spent > 0 QUALIFY cell_rank <= 10;

CREATE TABLE spending_tenths AS
WITH in_order AS (
    SELECT spent, row_number() OVER (ORDER BY spent DESC) - 1 AS above, count(*) OVER () AS all_customers
    FROM customers_with_events
), tenths AS (
    SELECT 10 * above // all_customers + 1 AS spending_tenth, spent FROM in_order
)
SELECT spending_tenth, count(spent) AS tenth_customers, coalesce(sum(spent), 0) AS tenth_spent
FROM (SELECT unnest(range(1, 11)) AS spending_tenth) LEFT JOIN tenths USING (spending_tenth) GROUP BY ALL;

---- Tables for reports

CREATE TABLE activity_segments AS
SELECT month AS activity_month, join_month, status_member AS loyalty_status, activity,
    country_member AS country,
    count_if(is_active) AS active_customers,
    sum(active_days) AS active_days,
    sum(CASE WHEN NOT is_active THEN 0 WHEN month = month_of(as_of()) THEN day(as_of())
        ELSE day(last_day(month)) END) AS possible_days,
    count_if(is_new) AS new_customers, count_if(is_retained) AS retained_customers,
    count_if(is_resurrected) AS resurrected_customers, count_if(logins > 0) AS login_customers,
    count_if(m.orders > 0) AS buyers,
    count_if(is_repeat_buyer) AS repeat_buyers,
    sum(m.orders) AS orders, sum(amount) AS amount, sum(refunds) AS refunds, sum(refunded) AS refunded,
    sum(earned) AS earned, sum(redeemed) AS redeemed, sum(expired) AS expired, sum(logins) AS logins,
    sum(login_gaps) AS login_gaps, sum(login_gap_days) AS login_gap_days, sum(order_gaps) AS order_gaps,
    sum(order_gap_days) AS order_gap_days
FROM customer_months m JOIN customers_with_events USING (customer_id)
GROUP BY 1, 2, 3, 4, 5;

CREATE TABLE customer_moves AS
WITH changes AS (
    SELECT happened_in AS month, customer_id, occurred_at, event_id,
        coalesce((SELECT spelling FROM spellings s
            WHERE s.slicer = 'status' AND s.folded = lower(written(loyalty_status))), written(loyalty_status)) AS tier
    FROM happened WHERE what = 'tier_change' AND trim(loyalty_status) <> ''
), moves AS (
    SELECT month, customer_id, tier AS to_status,
        lag(tier) OVER (PARTITION BY customer_id ORDER BY occurred_at, event_id) AS from_status
    FROM changes
)
-- A change to the customer's current tier is not a move.
SELECT customer_id, month, from_status, to_status, count(*) AS moves
FROM moves SEMI JOIN customers_with_events USING (customer_id)
WHERE to_status IS DISTINCT FROM from_status
GROUP BY ALL;

CREATE TABLE tier_moves AS
SELECT month, from_status, to_status, country_member AS country, sum(moves) AS moves
FROM customer_moves JOIN customers_with_events USING (customer_id)
GROUP BY ALL;

CREATE TABLE demographic_segments AS
SELECT join_month, status_member AS loyalty_status, activity, country_member AS country, age_band, gender,
    count(*) AS customers
FROM customers_with_events GROUP BY ALL;

CREATE TABLE cohort_retention AS
WITH cohorts AS (
    SELECT join_month, count(*) AS cohort_customers,
        -- The month that contains tomorrow is not complete.
        greatest(months_between(join_month, month_of((as_of() + INTERVAL 1 DAY)::DATE)) - 1, 0) AS last_month
    FROM customers_with_events WHERE join_month IS NOT NULL GROUP BY join_month
), cells AS (
    SELECT join_month, cohort_customers, unnest(range(0, last_month + 1)) AS months_since FROM cohorts
), counted AS (
    SELECT *,
        (SELECT count(*) FROM customers_with_events t WHERE t.join_month = cells.join_month
            AND (cells.months_since = 0 OR months_between(t.join_month, t.last_seen) >= cells.months_since))
            AS retained_customers,
        (SELECT count(*) FROM customer_months m JOIN customers_with_events t USING (customer_id)
            WHERE t.join_month = cells.join_month AND m.is_active
            AND months_between(t.join_month, m.month) = cells.months_since) AS active_in_it,
        months_between((SELECT min(happened_in) FROM happened), join_month) + months_since AS months_into_the_ledger
    FROM cells
)
SELECT join_month, months_since, cohort_customers, retained_customers,
    round(retained_customers::DECIMAL(38, 10) / cohort_customers, 6) AS retained_share,
    CASE WHEN months_into_the_ledger >= 0 THEN active_in_it END AS active_customers,
    CASE WHEN months_into_the_ledger >= 0 THEN round(active_in_it::DECIMAL(38, 10) / cohort_customers, 6) END
        AS active_share
FROM counted;

---- The counts of 'warn' checks

CREATE TABLE points_moved AS
SELECT *, sum(given) OVER (PARTITION BY customer_id ORDER BY occurred_at, given < 0, event_id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS held_then
FROM happened
WHERE what IN ('purchase', 'refund', 'earn', 'adjust', 'redeem', 'expire') AND given <> 0;

CREATE TABLE warned_events AS
SELECT
    (SELECT count(*) FROM happened WHERE what IN ('purchase', 'refund') AND amount IS NULL) AS event_amount_missing,
    (SELECT count(*) FROM happened WHERE what IN ('redeem', 'expire') AND points IS NULL) AS event_points_missing,
    (SELECT count(*) FROM happened WHERE what = 'tier_change' AND coalesce(trim(loyalty_status), '') = '')
        AS event_tier_missing,
    (SELECT count(*) FROM happened JOIN used USING (customer_id) WHERE happened_on < join_date)
        AS event_before_joining,
    (SELECT count(*) FROM happened AS refund WHERE what = 'refund' AND NOT EXISTS (
        FROM happened AS bought WHERE bought.what = 'purchase' AND bought.customer_id = refund.customer_id
        AND bought.occurred_at <= refund.occurred_at
        AND (refund.order_id IS NULL OR bought.order_id = refund.order_id))) AS refund_without_purchase,
    (SELECT count(*) FROM points_moved WHERE given < 0 AND held_then < 0) AS points_above_balance;

-- Customers are compared with their events if they have any and no event is after the as-of date, and only in
-- columns that some events have.
CREATE TABLE warned_customers AS
WITH of_events AS (
    SELECT customer_id, min(happened_on) FILTER (what = 'purchase') AS bought,
        max(happened_on) FILTER (what = 'login') AS logged_in,
        (SELECT coalesce(sum(given), 0) FROM points_moved p WHERE p.customer_id = happened.customer_id) AS points
    FROM happened GROUP BY customer_id
), compared AS (
    SELECT used.*, bought, logged_in, of_events.points, (SELECT min(happened_on) FROM happened) AS first_known,
        (SELECT count(happened.points) FROM happened) > 0 AS has_points,
        EXISTS (FROM happened WHERE what = 'purchase') AS has_purchases,
        EXISTS (FROM happened WHERE what = 'login') AS has_logins
    FROM used JOIN of_events USING (customer_id)
    WHERE NOT EXISTS (FROM events WHERE occurred_at::DATE > as_of())
)
SELECT coalesce(count_if(has_points AND loyalty_points <> points), 0) AS points_differ_from_events,
    -- Events say nothing about the time before the first of them.
    coalesce(count_if(has_purchases AND first_purchase IS DISTINCT FROM bought
        AND coalesce(first_purchase >= first_known, true)), 0) AS first_purchase_differs_from_events,
    coalesce(count_if(has_logins AND last_login IS DISTINCT FROM logged_in
        AND (logged_in IS NOT NULL OR coalesce(last_login >= first_known, true))), 0)
        AS last_login_differs_from_events
FROM compared;
