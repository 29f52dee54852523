CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.alerts_sent (
    cause text NOT NULL,
    sent_on date NOT NULL,
    CONSTRAINT alerts_sent_sent_on_value CHECK (((sent_on >= '0001-01-01'::date) AND (sent_on <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.alerts_sent IS 'At most one alert per cause and day.';
COMMENT ON COLUMN public.alerts_sent.cause IS 'What the alert was about.';
COMMENT ON COLUMN public.alerts_sent.sent_on IS 'UTC calendar day.';
CREATE TABLE public.bitcoin_daily_summaries (
    summary_date date NOT NULL,
    miner_model text NOT NULL,
    curtailed_energy double precision NOT NULL,
    bitcoin_mined double precision NOT NULL,
    bitcoin_value double precision,
    total_payment double precision,
    value_ratio double precision,
    CONSTRAINT bitcoin_daily_summaries_bitcoin_mined_value CHECK ((abs(bitcoin_mined) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_daily_summaries_bitcoin_value_value CHECK ((abs(bitcoin_value) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_daily_summaries_curtailed_energy_value CHECK ((abs(curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_daily_summaries_summary_date_value CHECK (((summary_date >= '0001-01-01'::date) AND (summary_date <= '9999-12-31'::date))),
    CONSTRAINT bitcoin_daily_summaries_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_daily_summaries_value_ratio_value CHECK ((abs(value_ratio) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.bitcoin_daily_summaries IS 'Bitcoin of a fully calculated day per miner model.';
COMMENT ON COLUMN public.bitcoin_daily_summaries.summary_date IS 'Settlement day.';
COMMENT ON COLUMN public.bitcoin_daily_summaries.miner_model IS 'ASIC model.';
COMMENT ON COLUMN public.bitcoin_daily_summaries.curtailed_energy IS 'MWh behind the figure (gross).';
COMMENT ON COLUMN public.bitcoin_daily_summaries.bitcoin_mined IS 'BTC the energy could have mined: subsidy only, uptime 1.';
COMMENT ON COLUMN public.bitcoin_daily_summaries.bitcoin_value IS '£ that the Bitcoin was worth, each day''s at the price of that date; absent while any day''s is unknown.';
COMMENT ON COLUMN public.bitcoin_daily_summaries.total_payment IS '£ paid for the same energy (gross); positive = paid to the farms.';
COMMENT ON COLUMN public.bitcoin_daily_summaries.value_ratio IS 'Value ÷ payment; absent while the value is unknown, and where the payment is 0.';
CREATE TABLE public.bitcoin_monthly_summaries (
    year_month text NOT NULL,
    miner_model text NOT NULL,
    curtailed_energy double precision NOT NULL,
    bitcoin_mined double precision NOT NULL,
    days_expected integer NOT NULL,
    days_complete integer NOT NULL,
    bitcoin_value double precision,
    total_payment double precision,
    value_ratio double precision,
    days_priced integer,
    CONSTRAINT bitcoin_monthly_summaries_bitcoin_mined_value CHECK ((abs(bitcoin_mined) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_monthly_summaries_bitcoin_value_value CHECK ((abs(bitcoin_value) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_monthly_summaries_curtailed_energy_value CHECK ((abs(curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_monthly_summaries_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_monthly_summaries_value_ratio_value CHECK ((abs(value_ratio) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.bitcoin_monthly_summaries IS 'Sum of the calculated days of a month per miner model.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.year_month IS 'Month, as 2025-06.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.miner_model IS 'ASIC model.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.curtailed_energy IS 'MWh behind the figure (gross).';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.bitcoin_mined IS 'BTC the energy could have mined: subsidy only, uptime 1.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.days_expected IS 'Days of this span within the first and last partition.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.days_complete IS 'Days of it that are whole and in these figures.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.bitcoin_value IS '£ that the Bitcoin was worth, each day''s at the price of that date; absent while any day''s is unknown.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.total_payment IS '£ paid for the same energy (gross); positive = paid to the farms.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.value_ratio IS 'Value ÷ payment; absent while the value is unknown, and where the payment is 0.';
COMMENT ON COLUMN public.bitcoin_monthly_summaries.days_priced IS 'Complete days whose Bitcoin price is known: of days_complete.';
CREATE TABLE public.bitcoin_price (
    settlement_date date NOT NULL,
    price double precision NOT NULL,
    quoted_at timestamp with time zone NOT NULL,
    source text NOT NULL,
    CONSTRAINT bitcoin_price_price CHECK ((price > (0)::double precision)),
    CONSTRAINT bitcoin_price_price_value CHECK ((abs(price) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_price_quoted_at_value CHECK (((quoted_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (quoted_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT bitcoin_price_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date))),
    CONSTRAINT bitcoin_price_source CHECK ((source = ANY (ARRAY['file'::text, 'mempool'::text, 'coinbase'::text])))
);
COMMENT ON TABLE public.bitcoin_price IS 'Price of Bitcoin day by day, and where it comes from. A price that is not known has no row.';
COMMENT ON COLUMN public.bitcoin_price.settlement_date IS 'Day that is valued at this price.';
COMMENT ON COLUMN public.bitcoin_price.price IS '£ per BTC at noon UTC of that date.';
COMMENT ON COLUMN public.bitcoin_price.quoted_at IS 'Time of the quotation: of the same UTC date.';
COMMENT ON COLUMN public.bitcoin_price.source IS 'Who said so: mempool, coinbase, or file, which a person gave.';
CREATE TABLE public.bitcoin_yearly_summaries (
    year text NOT NULL,
    miner_model text NOT NULL,
    curtailed_energy double precision NOT NULL,
    bitcoin_mined double precision NOT NULL,
    days_expected integer NOT NULL,
    days_complete integer NOT NULL,
    bitcoin_value double precision,
    total_payment double precision,
    value_ratio double precision,
    days_priced integer,
    CONSTRAINT bitcoin_yearly_summaries_bitcoin_mined_value CHECK ((abs(bitcoin_mined) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_yearly_summaries_bitcoin_value_value CHECK ((abs(bitcoin_value) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_yearly_summaries_curtailed_energy_value CHECK ((abs(curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_yearly_summaries_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT bitcoin_yearly_summaries_value_ratio_value CHECK ((abs(value_ratio) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.bitcoin_yearly_summaries IS 'Sum of the months of a year per miner model.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.year IS 'Year, as 2025.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.miner_model IS 'ASIC model.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.curtailed_energy IS 'MWh behind the figure (gross).';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.bitcoin_mined IS 'BTC the energy could have mined: subsidy only, uptime 1.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.days_expected IS 'Days of this span within the first and last partition.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.days_complete IS 'Days of it that are whole and in these figures.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.bitcoin_value IS '£ that the Bitcoin was worth, each day''s at the price of that date; absent while any day''s is unknown.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.total_payment IS '£ paid for the same energy (gross); positive = paid to the farms.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.value_ratio IS 'Value ÷ payment; absent while the value is unknown, and where the payment is 0.';
COMMENT ON COLUMN public.bitcoin_yearly_summaries.days_priced IS 'Complete days whose Bitcoin price is known: of days_complete.';
CREATE TABLE public.calculation_days (
    settlement_date date NOT NULL,
    miner_model text NOT NULL,
    hashrate_th double precision NOT NULL,
    power_w double precision NOT NULL,
    records_hash text NOT NULL,
    calculations integer NOT NULL,
    curtailed_energy double precision NOT NULL,
    bitcoin_mined double precision NOT NULL,
    CONSTRAINT calculation_days_bitcoin_mined_value CHECK ((abs(bitcoin_mined) < 'Infinity'::double precision)),
    CONSTRAINT calculation_days_curtailed_energy_value CHECK ((abs(curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT calculation_days_hashrate_th_value CHECK ((abs(hashrate_th) < 'Infinity'::double precision)),
    CONSTRAINT calculation_days_power_w_value CHECK ((abs(power_w) < 'Infinity'::double precision)),
    CONSTRAINT calculation_days_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.calculation_days IS 'What was calculated from what, written with the calculations in one transaction.';
COMMENT ON COLUMN public.calculation_days.settlement_date IS 'Settlement day.';
COMMENT ON COLUMN public.calculation_days.miner_model IS 'ASIC model.';
COMMENT ON COLUMN public.calculation_days.hashrate_th IS 'TH/s used.';
COMMENT ON COLUMN public.calculation_days.power_w IS 'W used.';
COMMENT ON COLUMN public.calculation_days.records_hash IS 'Content hash of the day''s records that were used.';
COMMENT ON COLUMN public.calculation_days.calculations IS 'Calculations stored.';
COMMENT ON COLUMN public.calculation_days.curtailed_energy IS 'Their energy, MWh.';
COMMENT ON COLUMN public.calculation_days.bitcoin_mined IS 'Their Bitcoin, BTC.';
CREATE TABLE public.curtailment_records (
    settlement_date date NOT NULL,
    settlement_period integer NOT NULL,
    start_time timestamp with time zone NOT NULL,
    side text NOT NULL,
    sequence_number integer NOT NULL,
    farm_id text NOT NULL,
    lead_party_name text,
    acceptance_id bigint,
    bid_offer_pair_id integer,
    so_flag boolean,
    cadl_flag boolean,
    volume double precision NOT NULL,
    original_price double precision NOT NULL,
    final_price double precision,
    transmission_loss_multiplier double precision,
    payment double precision NOT NULL,
    vintage timestamp with time zone NOT NULL,
    CONSTRAINT curtailment_records_final_price_value CHECK ((abs(final_price) < 'Infinity'::double precision)),
    CONSTRAINT curtailment_records_original_price_value CHECK ((abs(original_price) < 'Infinity'::double precision)),
    CONSTRAINT curtailment_records_payment_value CHECK ((abs(payment) < 'Infinity'::double precision)),
    CONSTRAINT curtailment_records_period CHECK (((settlement_period >= 1) AND (settlement_period <= 50))),
    CONSTRAINT curtailment_records_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date))),
    CONSTRAINT curtailment_records_side CHECK ((side = ANY (ARRAY['bid'::text, 'offer'::text]))),
    CONSTRAINT curtailment_records_sign CHECK ((((side = 'bid'::text) AND (volume <= (0)::double precision)) OR ((side = 'offer'::text) AND (volume >= (0)::double precision)))),
    CONSTRAINT curtailment_records_start_time_value CHECK (((start_time >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (start_time <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT curtailment_records_transmission_loss_multiplier_value CHECK ((abs(transmission_loss_multiplier) < 'Infinity'::double precision)),
    CONSTRAINT curtailment_records_vintage_value CHECK (((vintage >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (vintage <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT curtailment_records_volume_value CHECK ((abs(volume) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.curtailment_records IS 'Rows of the settlement stacks that belong to wind units, at the grain at which they were settled.';
COMMENT ON COLUMN public.curtailment_records.settlement_date IS 'Settlement day: a Europe/London calendar day.';
COMMENT ON COLUMN public.curtailment_records.settlement_period IS 'Half hour of that day, from 1 to its 46, 48 or 50.';
COMMENT ON COLUMN public.curtailment_records.start_time IS 'UTC start of the period.';
COMMENT ON COLUMN public.curtailment_records.side IS 'Stack: bid (generate less) or offer (here: undoes an earlier bid).';
COMMENT ON COLUMN public.curtailment_records.sequence_number IS 'Rank in that side''s stack; unique per date, period and side.';
COMMENT ON COLUMN public.curtailment_records.farm_id IS 'Elexon BM unit id of the wind farm.';
COMMENT ON COLUMN public.curtailment_records.lead_party_name IS 'Lead party of the unit in the register when the row was stored.';
COMMENT ON COLUMN public.curtailment_records.acceptance_id IS 'Bid-offer acceptance number.';
COMMENT ON COLUMN public.curtailment_records.bid_offer_pair_id IS 'Bid-offer pair: −1…−6 below, +1…+6 above the notified level.';
COMMENT ON COLUMN public.curtailment_records.so_flag IS 'Taken for system reasons, mostly transmission limits; absent counts as no.';
COMMENT ON COLUMN public.curtailment_records.cadl_flag IS 'Acceptance shorter than 10 minutes; absent counts as no.';
COMMENT ON COLUMN public.curtailment_records.volume IS 'MWh in the half hour, signed as received: bids ≤ 0, offers ≥ 0.';
COMMENT ON COLUMN public.curtailment_records.original_price IS '£/MWh; with it payment is worked out.';
COMMENT ON COLUMN public.curtailment_records.final_price IS '£/MWh after the price calculation; information only.';
COMMENT ON COLUMN public.curtailment_records.transmission_loss_multiplier IS 'Settled cash = volume × original price × this.';
COMMENT ON COLUMN public.curtailment_records.payment IS '£ = volume × original price; positive = paid to the farm.';
COMMENT ON COLUMN public.curtailment_records.vintage IS 'When the settlement run made this row (createdDateTime).';
CREATE VIEW public.whole_days AS
SELECT
    NULL::date AS settlement_date,
    NULL::text AS state,
    NULL::integer AS periods,
    NULL::timestamp with time zone AS fetched_at,
    NULL::timestamp with time zone AS vintage;
CREATE TABLE public.wind_bm_units (
    bm_unit_id text NOT NULL,
    seen_from timestamp with time zone NOT NULL,
    seen_until timestamp with time zone NOT NULL,
    bm_unit_name text,
    lead_party_name text,
    generation_capacity double precision,
    source text NOT NULL,
    is_current boolean NOT NULL,
    site text,
    CONSTRAINT wind_bm_units_generation_capacity_value CHECK ((abs(generation_capacity) < 'Infinity'::double precision)),
    CONSTRAINT wind_bm_units_seen_from_value CHECK (((seen_from >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (seen_from <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT wind_bm_units_seen_until_value CHECK (((seen_until >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (seen_until <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.wind_bm_units IS 'Every wind unit ever known, a row per version of its particulars. A unit once known as wind stays.';
COMMENT ON COLUMN public.wind_bm_units.bm_unit_id IS 'Elexon BM unit id.';
COMMENT ON COLUMN public.wind_bm_units.seen_from IS 'When these particulars were first seen.';
COMMENT ON COLUMN public.wind_bm_units.seen_until IS 'When they were last seen.';
COMMENT ON COLUMN public.wind_bm_units.bm_unit_name IS 'Name in the register.';
COMMENT ON COLUMN public.wind_bm_units.lead_party_name IS 'Lead party.';
COMMENT ON COLUMN public.wind_bm_units.generation_capacity IS 'Registered capacity in MW; some are absent or 0.';
COMMENT ON COLUMN public.wind_bm_units.source IS 'register or addition (curated).';
COMMENT ON COLUMN public.wind_bm_units.is_current IS 'Whether this is the unit''s newest version.';
COMMENT ON COLUMN public.wind_bm_units.site IS 'Site (wind farm) that the unit is of, as far as its names and ids or a list tell; units of one site share it.';
CREATE VIEW public.daily_by_farm AS
 SELECT w.settlement_date,
    w.state,
    r.farm_id,
    max(u.bm_unit_name) AS bm_unit_name,
    max(u.site) AS site,
    max(r.lead_party_name) AS lead_party_name,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END) AS curtailed_energy,
    sum(
        CASE
            WHEN r.so_flag THEN
            CASE
                WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
                ELSE (0.0)::double precision
            END
            ELSE (0.0)::double precision
        END) AS system_flagged_energy,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.volume
            ELSE (0.0)::double precision
        END) AS undone_energy,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) AS payment,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.payment
            ELSE (0.0)::double precision
        END) AS undone_payment,
    (sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) / NULLIF(sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END), (0)::double precision)) AS average_price,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN 1
            ELSE 0
        END) AS curtailment_records,
    count(DISTINCT
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.settlement_period
            ELSE NULL::integer
        END) AS periods_curtailed
   FROM ((public.whole_days w
     JOIN public.curtailment_records r ON ((r.settlement_date = w.settlement_date)))
     LEFT JOIN public.wind_bm_units u ON (((u.bm_unit_id = r.farm_id) AND u.is_current)))
  WHERE (r.volume <> (0)::double precision)
  GROUP BY w.settlement_date, w.state, r.farm_id;
CREATE VIEW public.daily_by_lead_party AS
 SELECT w.settlement_date,
    w.state,
    r.lead_party_name,
    count(DISTINCT
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.farm_id
            ELSE NULL::text
        END) AS farms,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END) AS curtailed_energy,
    sum(
        CASE
            WHEN r.so_flag THEN
            CASE
                WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
                ELSE (0.0)::double precision
            END
            ELSE (0.0)::double precision
        END) AS system_flagged_energy,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.volume
            ELSE (0.0)::double precision
        END) AS undone_energy,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) AS payment,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.payment
            ELSE (0.0)::double precision
        END) AS undone_payment,
    (sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) / NULLIF(sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END), (0)::double precision)) AS average_price,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN 1
            ELSE 0
        END) AS curtailment_records,
    count(DISTINCT
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.settlement_period
            ELSE NULL::integer
        END) AS periods_curtailed
   FROM ((public.whole_days w
     JOIN public.curtailment_records r ON ((r.settlement_date = w.settlement_date)))
     LEFT JOIN public.wind_bm_units u ON (((u.bm_unit_id = r.farm_id) AND u.is_current)))
  WHERE (r.volume <> (0)::double precision)
  GROUP BY w.settlement_date, w.state, r.lead_party_name;
CREATE VIEW public.daily_by_site AS
 SELECT w.settlement_date,
    w.state,
    COALESCE(u.site, r.farm_id) AS site,
    count(DISTINCT
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.farm_id
            ELSE NULL::text
        END) AS farms,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END) AS curtailed_energy,
    sum(
        CASE
            WHEN r.so_flag THEN
            CASE
                WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
                ELSE (0.0)::double precision
            END
            ELSE (0.0)::double precision
        END) AS system_flagged_energy,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.volume
            ELSE (0.0)::double precision
        END) AS undone_energy,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) AS payment,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.payment
            ELSE (0.0)::double precision
        END) AS undone_payment,
    (sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) / NULLIF(sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END), (0)::double precision)) AS average_price,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN 1
            ELSE 0
        END) AS curtailment_records,
    count(DISTINCT
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.settlement_period
            ELSE NULL::integer
        END) AS periods_curtailed
   FROM ((public.whole_days w
     JOIN public.curtailment_records r ON ((r.settlement_date = w.settlement_date)))
     LEFT JOIN public.wind_bm_units u ON (((u.bm_unit_id = r.farm_id) AND u.is_current)))
  WHERE (r.volume <> (0)::double precision)
  GROUP BY w.settlement_date, w.state, COALESCE(u.site, r.farm_id);
CREATE TABLE public.daily_summaries (
    summary_date date NOT NULL,
    total_curtailed_energy double precision NOT NULL,
    system_flagged_energy double precision NOT NULL,
    undone_energy double precision NOT NULL,
    total_payment double precision NOT NULL,
    undone_payment double precision NOT NULL,
    curtailment_records integer NOT NULL,
    farms integer NOT NULL,
    periods_curtailed integer NOT NULL,
    generated_energy double precision,
    curtailed_share double precision,
    CONSTRAINT daily_summaries_curtailed_share_value CHECK ((abs(curtailed_share) < 'Infinity'::double precision)),
    CONSTRAINT daily_summaries_generated_energy_value CHECK ((abs(generated_energy) < 'Infinity'::double precision)),
    CONSTRAINT daily_summaries_summary_date_value CHECK (((summary_date >= '0001-01-01'::date) AND (summary_date <= '9999-12-31'::date))),
    CONSTRAINT daily_summaries_system_flagged_energy_value CHECK ((abs(system_flagged_energy) < 'Infinity'::double precision)),
    CONSTRAINT daily_summaries_total_curtailed_energy_value CHECK ((abs(total_curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT daily_summaries_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT daily_summaries_undone_energy_value CHECK ((abs(undone_energy) < 'Infinity'::double precision)),
    CONSTRAINT daily_summaries_undone_payment_value CHECK ((abs(undone_payment) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.daily_summaries IS 'Curtailment of a whole day. Zeros are certified; a day that is not whole has no row.';
COMMENT ON COLUMN public.daily_summaries.summary_date IS 'Settlement day.';
COMMENT ON COLUMN public.daily_summaries.total_curtailed_energy IS 'MWh of all accepted wind bids (gross), positive.';
COMMENT ON COLUMN public.daily_summaries.system_flagged_energy IS 'MWh of those with the system flag, positive.';
COMMENT ON COLUMN public.daily_summaries.undone_energy IS 'MWh of wind offers that took bids back; net = gross − this.';
COMMENT ON COLUMN public.daily_summaries.total_payment IS '£ for the gross energy; positive = paid to the farms.';
COMMENT ON COLUMN public.daily_summaries.undone_payment IS '£ for the undone energy, same sign convention; net = total + this.';
COMMENT ON COLUMN public.daily_summaries.curtailment_records IS 'Curtailment records: wind bid rows below zero.';
COMMENT ON COLUMN public.daily_summaries.farms IS 'Distinct BM units with curtailed energy; units that were only undone are not among them.';
COMMENT ON COLUMN public.daily_summaries.periods_curtailed IS 'Settlement periods with curtailment.';
COMMENT ON COLUMN public.daily_summaries.generated_energy IS 'MWh that metered wind generated on the same days (FUELHH WIND); absent while that of any day is unknown.';
COMMENT ON COLUMN public.daily_summaries.curtailed_share IS 'Curtailed ÷ (generated + curtailed) energy, 0 to 1, gross; absent while the generation is unknown.';
CREATE TABLE public.day_fetches (
    name text NOT NULL,
    settlement_date date NOT NULL,
    fetched_at timestamp with time zone,
    content_hash text,
    attempts integer NOT NULL,
    last_attempt_at timestamp with time zone,
    next_attempt_at timestamp with time zone,
    last_error text,
    origin text,
    CONSTRAINT day_fetches_fetched_at_value CHECK (((fetched_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (fetched_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT day_fetches_last_attempt_at_value CHECK (((last_attempt_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (last_attempt_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT day_fetches_next_attempt_at_value CHECK (((next_attempt_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (next_attempt_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT day_fetches_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.day_fetches IS 'What was asked and answered of prices and generation, a row per day, with the back-off of days that fail.';
COMMENT ON COLUMN public.day_fetches.name IS 'bitcoin_price or wind_generation.';
COMMENT ON COLUMN public.day_fetches.settlement_date IS 'Day that was asked for.';
COMMENT ON COLUMN public.day_fetches.fetched_at IS 'When it was last fetched with success; absent while it never was.';
COMMENT ON COLUMN public.day_fetches.content_hash IS 'SHA-256 of the rows that were stored then; another content was not fetched.';
COMMENT ON COLUMN public.day_fetches.attempts IS 'How often healing asked in vain since it was last right.';
COMMENT ON COLUMN public.day_fetches.last_attempt_at IS 'When healing last asked.';
COMMENT ON COLUMN public.day_fetches.next_attempt_at IS 'Not asked again by itself before this.';
COMMENT ON COLUMN public.day_fetches.last_error IS 'Why it failed last; absent after a success.';
COMMENT ON COLUMN public.day_fetches.origin IS 'Address of the source that answered, with (generated) behind it when it said that its answers are made up; several are joined by ; and absent means unknown.';
CREATE TABLE public.settlement_ledger (
    settlement_date date NOT NULL,
    settlement_period integer NOT NULL,
    side text NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    vintage timestamp with time zone,
    raw_rows integer NOT NULL,
    wind_rows integer NOT NULL,
    wind_mwh double precision NOT NULL,
    content_hash text NOT NULL,
    confirmed_by text NOT NULL,
    repeats_confirmed boolean,
    CONSTRAINT settlement_ledger_confirmed CHECK (((raw_rows > 0) = (confirmed_by = 'rows'::text))),
    CONSTRAINT settlement_ledger_fetched_at_value CHECK (((fetched_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (fetched_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT settlement_ledger_period CHECK (((settlement_period >= 1) AND (settlement_period <= 50))),
    CONSTRAINT settlement_ledger_rows CHECK (((wind_rows >= 0) AND (wind_rows <= raw_rows))),
    CONSTRAINT settlement_ledger_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date))),
    CONSTRAINT settlement_ledger_side CHECK ((side = ANY (ARRAY['bid'::text, 'offer'::text]))),
    CONSTRAINT settlement_ledger_vintage_value CHECK (((vintage >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (vintage <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT settlement_ledger_wind_mwh_value CHECK ((abs(wind_mwh) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.settlement_ledger IS 'What was asked and answered: one row per period and side of every stored day.';
COMMENT ON COLUMN public.settlement_ledger.settlement_date IS 'Settlement day: a Europe/London calendar day.';
COMMENT ON COLUMN public.settlement_ledger.settlement_period IS 'Half hour of that day, from 1 to its 46, 48 or 50.';
COMMENT ON COLUMN public.settlement_ledger.side IS 'bid or offer.';
COMMENT ON COLUMN public.settlement_ledger.fetched_at IS 'When the stack was last asked for.';
COMMENT ON COLUMN public.settlement_ledger.vintage IS 'Newest settlement run seen with this content; none on an empty side.';
COMMENT ON COLUMN public.settlement_ledger.raw_rows IS 'Rows of the whole stack, all units.';
COMMENT ON COLUMN public.settlement_ledger.wind_rows IS 'Rows of wind units: those stored.';
COMMENT ON COLUMN public.settlement_ledger.wind_mwh IS 'Σ volume of the wind rows, signed as received.';
COMMENT ON COLUMN public.settlement_ledger.content_hash IS 'SHA-256 of the wind rows'' content.';
COMMENT ON COLUMN public.settlement_ledger.confirmed_by IS 'What certifies the answer: rows, volumes, unreachable (volumes could not be asked) or operator.';
COMMENT ON COLUMN public.settlement_ledger.repeats_confirmed IS 'Rows that repeat an acceptance: 1 the day''s volumes have them too, 0 left out, absent: none, or not decided.';
CREATE VIEW public.half_hourly_curtailment AS
 SELECT w.settlement_date,
    l.settlement_period,
    (((l.settlement_date)::timestamp without time zone AT TIME ZONE 'Europe/London'::text) + (((l.settlement_period - 1))::double precision * '00:30:00'::interval)) AS start_time,
    (EXTRACT(hour FROM ((((l.settlement_date)::timestamp without time zone AT TIME ZONE 'Europe/London'::text) + (((l.settlement_period - 1))::double precision * '00:30:00'::interval)) AT TIME ZONE 'Europe/London'::text)))::integer AS local_hour,
    w.state,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
            ELSE (0.0)::double precision
        END) AS curtailed_energy,
    sum(
        CASE
            WHEN r.so_flag THEN
            CASE
                WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN (- r.volume)
                ELSE (0.0)::double precision
            END
            ELSE (0.0)::double precision
        END) AS system_flagged_energy,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.volume
            ELSE (0.0)::double precision
        END) AS undone_energy,
    sum(
        CASE
            WHEN ((r.side = 'bid'::text) AND (r.volume < (0)::double precision)) THEN r.payment
            ELSE (0.0)::double precision
        END) AS payment,
    sum(
        CASE
            WHEN (r.side = 'offer'::text) THEN r.payment
            ELSE (0.0)::double precision
        END) AS undone_payment
   FROM ((public.whole_days w
     JOIN public.settlement_ledger l ON (((l.settlement_date = w.settlement_date) AND (l.side = 'bid'::text))))
     LEFT JOIN public.curtailment_records r ON (((r.settlement_date = l.settlement_date) AND (r.settlement_period = l.settlement_period))))
  GROUP BY w.settlement_date, l.settlement_date, l.settlement_period, w.state;
CREATE TABLE public.healing_attempts (
    settlement_date date NOT NULL,
    attempts integer NOT NULL,
    last_attempt_at timestamp with time zone NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    last_error text,
    quarantined_at timestamp with time zone,
    CONSTRAINT healing_attempts_last_attempt_at_value CHECK (((last_attempt_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (last_attempt_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT healing_attempts_next_attempt_at_value CHECK (((next_attempt_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (next_attempt_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT healing_attempts_quarantined_at_value CHECK (((quarantined_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (quarantined_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT healing_attempts_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.healing_attempts IS 'Days that fail, with their back-off. A day that comes right leaves the table.';
COMMENT ON COLUMN public.healing_attempts.settlement_date IS 'Day that does not come right.';
COMMENT ON COLUMN public.healing_attempts.attempts IS 'How often healing was asked for since it was last right.';
COMMENT ON COLUMN public.healing_attempts.last_attempt_at IS 'When it was last tried.';
COMMENT ON COLUMN public.healing_attempts.next_attempt_at IS 'Not tried again by itself before this.';
COMMENT ON COLUMN public.healing_attempts.last_error IS 'Why it failed last.';
COMMENT ON COLUMN public.healing_attempts.quarantined_at IS 'When healing gave it up; any success ends that.';
CREATE TABLE public.historical_bitcoin_calculations (
    settlement_date date NOT NULL,
    settlement_period integer NOT NULL,
    farm_id text NOT NULL,
    miner_model text NOT NULL,
    curtailed_energy double precision NOT NULL,
    bitcoin_mined double precision NOT NULL,
    difficulty double precision NOT NULL,
    block_subsidy double precision NOT NULL,
    calculated_at timestamp with time zone NOT NULL,
    CONSTRAINT historical_bitcoin_calculations_bitcoin_mined_value CHECK ((abs(bitcoin_mined) < 'Infinity'::double precision)),
    CONSTRAINT historical_bitcoin_calculations_block_subsidy_value CHECK ((abs(block_subsidy) < 'Infinity'::double precision)),
    CONSTRAINT historical_bitcoin_calculations_calculated_at_value CHECK (((calculated_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (calculated_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT historical_bitcoin_calculations_curtailed_energy_value CHECK ((abs(curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT historical_bitcoin_calculations_difficulty_value CHECK ((abs(difficulty) < 'Infinity'::double precision)),
    CONSTRAINT historical_bitcoin_calculations_network CHECK (((difficulty > (0)::double precision) AND (block_subsidy >= (0)::double precision))),
    CONSTRAINT historical_bitcoin_calculations_period CHECK (((settlement_period >= 1) AND (settlement_period <= 50))),
    CONSTRAINT historical_bitcoin_calculations_positive CHECK (((curtailed_energy > (0)::double precision) AND (bitcoin_mined >= (0)::double precision))),
    CONSTRAINT historical_bitcoin_calculations_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.historical_bitcoin_calculations IS 'Bitcoin per farm, half hour and miner model.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.settlement_date IS 'Settlement day: a Europe/London calendar day.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.settlement_period IS 'Half hour of that day, from 1 to its 46, 48 or 50.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.farm_id IS 'Elexon BM unit id of the wind farm.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.miner_model IS 'ASIC model.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.curtailed_energy IS 'MWh curtailed on that farm in that period; > 0.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.bitcoin_mined IS 'BTC the energy could have mined: subsidy only, uptime 1.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.difficulty IS 'Network difficulty in force at the period''s start.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.block_subsidy IS 'BTC per block in force at the period''s start.';
COMMENT ON COLUMN public.historical_bitcoin_calculations.calculated_at IS 'When this was worked out.';
CREATE VIEW public.hourly_curtailment AS
 SELECT half_hourly_curtailment.settlement_date,
    min(half_hourly_curtailment.start_time) AS hour_start,
    min(half_hourly_curtailment.local_hour) AS local_hour,
    half_hourly_curtailment.state,
    sum(half_hourly_curtailment.curtailed_energy) AS curtailed_energy,
    sum(half_hourly_curtailment.system_flagged_energy) AS system_flagged_energy,
    sum(half_hourly_curtailment.undone_energy) AS undone_energy,
    sum(half_hourly_curtailment.payment) AS payment,
    sum(half_hourly_curtailment.undone_payment) AS undone_payment
   FROM public.half_hourly_curtailment
  GROUP BY half_hourly_curtailment.settlement_date, ((half_hourly_curtailment.settlement_period - 1) / 2), half_hourly_curtailment.state;
CREATE TABLE public.integrity_findings (
    table_name text NOT NULL,
    check_name text NOT NULL,
    span text NOT NULL,
    settlement_date date,
    severity text NOT NULL,
    effect text NOT NULL,
    problems integer NOT NULL,
    missing integer NOT NULL,
    orphan integer NOT NULL,
    stale integer NOT NULL,
    example text NOT NULL,
    found_at timestamp with time zone NOT NULL,
    open_since timestamp with time zone NOT NULL,
    mwh double precision,
    CONSTRAINT integrity_findings_effect CHECK ((effect = ANY (ARRAY['damaged'::text, 'inconsistent'::text, 'nothing'::text]))),
    CONSTRAINT integrity_findings_found_at_value CHECK (((found_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (found_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT integrity_findings_mwh_value CHECK ((abs(mwh) < 'Infinity'::double precision)),
    CONSTRAINT integrity_findings_open_since_value CHECK (((open_since >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (open_since <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT integrity_findings_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date))),
    CONSTRAINT integrity_findings_severity CHECK ((severity = ANY (ARRAY['error'::text, 'warn'::text])))
);
COMMENT ON TABLE public.integrity_findings IS 'What the last verification of each span found. Replaced when the span is verified again.';
COMMENT ON COLUMN public.integrity_findings.table_name IS 'Table in which something is wrong or suspicious.';
COMMENT ON COLUMN public.integrity_findings.check_name IS 'Check that found it.';
COMMENT ON COLUMN public.integrity_findings.span IS 'Day (2025-06-01), month (2025-06) or year (2025) concerned; all for references.';
COMMENT ON COLUMN public.integrity_findings.settlement_date IS 'The day, when the span is one.';
COMMENT ON COLUMN public.integrity_findings.severity IS 'error: wrong or missing data; warn: a suspicion.';
COMMENT ON COLUMN public.integrity_findings.effect IS 'What it makes of a day: damaged, inconsistent or nothing.';
COMMENT ON COLUMN public.integrity_findings.problems IS 'How many keys of the span are concerned.';
COMMENT ON COLUMN public.integrity_findings.missing IS 'Of those: calculations that are missing.';
COMMENT ON COLUMN public.integrity_findings.orphan IS 'Calculations that should not be there.';
COMMENT ON COLUMN public.integrity_findings.stale IS 'Calculations whose values are not what they should be.';
COMMENT ON COLUMN public.integrity_findings.example IS 'The first of them, with what is and what should be.';
COMMENT ON COLUMN public.integrity_findings.found_at IS 'When it was found.';
COMMENT ON COLUMN public.integrity_findings.open_since IS 'When the check was first found to fail on the span; verifying it again keeps this while it fails.';
COMMENT ON COLUMN public.integrity_findings.mwh IS 'MWh that the problems are about, positive: by how much a total may be wrong; absent where that is not known.';
CREATE TABLE public.integrity_scans (
    scope text NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    errors integer NOT NULL,
    CONSTRAINT integrity_scans_finished_at_value CHECK (((finished_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (finished_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT integrity_scans_first_day_value CHECK (((first_day >= '0001-01-01'::date) AND (first_day <= '9999-12-31'::date))),
    CONSTRAINT integrity_scans_last_day_value CHECK (((last_day >= '0001-01-01'::date) AND (last_day <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.integrity_scans IS 'When the scans last ran to their end.';
COMMENT ON COLUMN public.integrity_scans.scope IS 'recent or all.';
COMMENT ON COLUMN public.integrity_scans.finished_at IS 'When it was last completed.';
COMMENT ON COLUMN public.integrity_scans.first_day IS 'First day verified.';
COMMENT ON COLUMN public.integrity_scans.last_day IS 'Last day verified.';
COMMENT ON COLUMN public.integrity_scans.errors IS 'Findings that mean wrong or missing data.';
CREATE VIEW public.monthly_by_miner_model AS
 SELECT b.year_month,
    b.miner_model,
        CASE
            WHEN (b.days_complete < b.days_expected) THEN 'incomplete'::text
            WHEN (COALESCE(f.days, (0)::bigint) < b.days_expected) THEN 'provisional'::text
            ELSE 'final'::text
        END AS state,
    b.days_expected,
    b.days_complete,
    COALESCE(f.days, (0)::bigint) AS days_final,
    b.curtailed_energy,
    b.bitcoin_mined,
    b.bitcoin_value,
    b.total_payment,
    b.value_ratio,
    b.days_priced
   FROM (public.bitcoin_monthly_summaries b
     LEFT JOIN ( SELECT to_char((w.settlement_date)::timestamp with time zone, 'YYYY-MM'::text) AS year_month,
            count(*) AS days
           FROM public.whole_days w
          WHERE (w.state = 'final'::text)
          GROUP BY (to_char((w.settlement_date)::timestamp with time zone, 'YYYY-MM'::text))) f ON ((f.year_month = b.year_month)));
CREATE TABLE public.monthly_summaries (
    year_month text NOT NULL,
    total_curtailed_energy double precision NOT NULL,
    system_flagged_energy double precision NOT NULL,
    undone_energy double precision NOT NULL,
    total_payment double precision NOT NULL,
    undone_payment double precision NOT NULL,
    curtailment_records integer NOT NULL,
    farms integer NOT NULL,
    periods_curtailed integer NOT NULL,
    days_expected integer NOT NULL,
    days_complete integer NOT NULL,
    generated_energy double precision,
    curtailed_share double precision,
    days_with_generation integer,
    CONSTRAINT monthly_summaries_curtailed_share_value CHECK ((abs(curtailed_share) < 'Infinity'::double precision)),
    CONSTRAINT monthly_summaries_generated_energy_value CHECK ((abs(generated_energy) < 'Infinity'::double precision)),
    CONSTRAINT monthly_summaries_system_flagged_energy_value CHECK ((abs(system_flagged_energy) < 'Infinity'::double precision)),
    CONSTRAINT monthly_summaries_total_curtailed_energy_value CHECK ((abs(total_curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT monthly_summaries_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT monthly_summaries_undone_energy_value CHECK ((abs(undone_energy) < 'Infinity'::double precision)),
    CONSTRAINT monthly_summaries_undone_payment_value CHECK ((abs(undone_payment) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.monthly_summaries IS 'Sum of the days of a month that are whole; no row when none is.';
COMMENT ON COLUMN public.monthly_summaries.year_month IS 'Month, as 2025-06.';
COMMENT ON COLUMN public.monthly_summaries.total_curtailed_energy IS 'MWh of all accepted wind bids (gross), positive.';
COMMENT ON COLUMN public.monthly_summaries.system_flagged_energy IS 'MWh of those with the system flag, positive.';
COMMENT ON COLUMN public.monthly_summaries.undone_energy IS 'MWh of wind offers that took bids back; net = gross − this.';
COMMENT ON COLUMN public.monthly_summaries.total_payment IS '£ for the gross energy; positive = paid to the farms.';
COMMENT ON COLUMN public.monthly_summaries.undone_payment IS '£ for the undone energy, same sign convention; net = total + this.';
COMMENT ON COLUMN public.monthly_summaries.curtailment_records IS 'Curtailment records: wind bid rows below zero.';
COMMENT ON COLUMN public.monthly_summaries.farms IS 'Distinct BM units with curtailed energy; units that were only undone are not among them.';
COMMENT ON COLUMN public.monthly_summaries.periods_curtailed IS 'Settlement periods with curtailment.';
COMMENT ON COLUMN public.monthly_summaries.days_expected IS 'Days of this span within the first and last partition.';
COMMENT ON COLUMN public.monthly_summaries.days_complete IS 'Days of it that are whole and in these figures.';
COMMENT ON COLUMN public.monthly_summaries.generated_energy IS 'MWh that metered wind generated on the same days (FUELHH WIND); absent while that of any day is unknown.';
COMMENT ON COLUMN public.monthly_summaries.curtailed_share IS 'Curtailed ÷ (generated + curtailed) energy, 0 to 1, gross; absent while the generation is unknown.';
COMMENT ON COLUMN public.monthly_summaries.days_with_generation IS 'Complete days whose generation is known: of days_complete.';
CREATE TABLE public.network_epochs (
    block_time timestamp with time zone NOT NULL,
    height integer NOT NULL,
    kind text NOT NULL,
    difficulty double precision NOT NULL,
    block_subsidy double precision NOT NULL,
    CONSTRAINT network_epochs_block_subsidy_value CHECK ((abs(block_subsidy) < 'Infinity'::double precision)),
    CONSTRAINT network_epochs_block_time_value CHECK (((block_time >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (block_time <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT network_epochs_difficulty CHECK ((difficulty > (0)::double precision)),
    CONSTRAINT network_epochs_difficulty_value CHECK ((abs(difficulty) < 'Infinity'::double precision)),
    CONSTRAINT network_epochs_height CHECK ((height >= 0))
);
COMMENT ON TABLE public.network_epochs IS 'Difficulty and block subsidy by block time.';
COMMENT ON COLUMN public.network_epochs.block_time IS 'Header time of the block with which it begins.';
COMMENT ON COLUMN public.network_epochs.height IS 'Height of that block.';
COMMENT ON COLUMN public.network_epochs.kind IS 'retarget (difficulty changes) or halving (subsidy changes).';
COMMENT ON COLUMN public.network_epochs.difficulty IS 'Network difficulty from then on.';
COMMENT ON COLUMN public.network_epochs.block_subsidy IS 'BTC per block from then on.';
CREATE TABLE public.oracle_comparisons (
    settlement_date date NOT NULL,
    compared_at timestamp with time zone NOT NULL,
    energy_stack double precision,
    energy_volumes double precision,
    cash_stack double precision,
    cash_flows double precision,
    differing integer NOT NULL,
    problem text,
    CONSTRAINT oracle_comparisons_cash_flows_value CHECK ((abs(cash_flows) < 'Infinity'::double precision)),
    CONSTRAINT oracle_comparisons_cash_stack_value CHECK ((abs(cash_stack) < 'Infinity'::double precision)),
    CONSTRAINT oracle_comparisons_compared_at_value CHECK (((compared_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (compared_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT oracle_comparisons_energy_stack_value CHECK ((abs(energy_stack) < 'Infinity'::double precision)),
    CONSTRAINT oracle_comparisons_energy_volumes_value CHECK ((abs(energy_volumes) < 'Infinity'::double precision)),
    CONSTRAINT oracle_comparisons_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.oracle_comparisons IS 'The stacks against Elexon''s whole-day volumes and cashflows, at the last fetch.';
COMMENT ON COLUMN public.oracle_comparisons.settlement_date IS 'Settlement day.';
COMMENT ON COLUMN public.oracle_comparisons.compared_at IS 'When.';
COMMENT ON COLUMN public.oracle_comparisons.energy_stack IS 'MWh of wind bids in the stacks, positive.';
COMMENT ON COLUMN public.oracle_comparisons.energy_volumes IS 'MWh of the same units in the day''s indicative volumes.';
COMMENT ON COLUMN public.oracle_comparisons.cash_stack IS '£ from the stacks: Σ volume × price × loss multiplier.';
COMMENT ON COLUMN public.oracle_comparisons.cash_flows IS '£ of the same units in the day''s indicative cashflows.';
COMMENT ON COLUMN public.oracle_comparisons.differing IS 'Units and periods whose volume differs.';
COMMENT ON COLUMN public.oracle_comparisons.problem IS 'How they differ, or why they could not be compared; none when they agree.';
CREATE TABLE public.other_bm_units (
    bm_unit_id text NOT NULL,
    kind text NOT NULL
);
COMMENT ON TABLE public.other_bm_units IS 'What the newest register answer explains as something other than wind.';
COMMENT ON COLUMN public.other_bm_units.bm_unit_id IS 'Elexon BM unit id.';
COMMENT ON COLUMN public.other_bm_units.kind IS 'What it is: its fuel type, or the kind of unit.';
CREATE TABLE public.reference_fetches (
    name text NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    rows integer NOT NULL,
    content_hash text,
    origin text,
    CONSTRAINT reference_fetches_fetched_at_value CHECK (((fetched_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (fetched_at <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.reference_fetches IS 'When each reference was last fetched.';
COMMENT ON COLUMN public.reference_fetches.name IS 'wind_bm_units or network_epochs.';
COMMENT ON COLUMN public.reference_fetches.fetched_at IS 'When it was last asked for with success.';
COMMENT ON COLUMN public.reference_fetches.rows IS 'Rows of that answer.';
COMMENT ON COLUMN public.reference_fetches.content_hash IS 'SHA-256 of what the table then held; another content was not fetched.';
COMMENT ON COLUMN public.reference_fetches.origin IS 'Address of the source that answered, with (generated) behind it when it said that its answers are made up; several are joined by ; and absent means unknown.';
CREATE TABLE public.reference_refusals (
    name text NOT NULL,
    since timestamp with time zone NOT NULL,
    refused_at timestamp with time zone NOT NULL,
    reason text NOT NULL,
    CONSTRAINT reference_refusals_refused_at_value CHECK (((refused_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (refused_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT reference_refusals_since_value CHECK (((since >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (since <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.reference_refusals IS 'Answers on references that were refused or could not be had. A row leaves when an answer is taken.';
COMMENT ON COLUMN public.reference_refusals.name IS 'network_epochs, or a halving and its height.';
COMMENT ON COLUMN public.reference_refusals.since IS 'When it was first refused.';
COMMENT ON COLUMN public.reference_refusals.refused_at IS 'When it was last refused.';
COMMENT ON COLUMN public.reference_refusals.reason IS 'Why: what is stored and what was fetched instead, or what failed.';
CREATE TABLE public.refused_answers (
    settlement_date date NOT NULL,
    refused_at timestamp with time zone NOT NULL,
    energy_stored double precision NOT NULL,
    energy_answered double precision NOT NULL,
    reason text NOT NULL,
    CONSTRAINT refused_answers_energy_answered_value CHECK ((abs(energy_answered) < 'Infinity'::double precision)),
    CONSTRAINT refused_answers_energy_stored_value CHECK ((abs(energy_stored) < 'Infinity'::double precision)),
    CONSTRAINT refused_answers_refused_at_value CHECK (((refused_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (refused_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT refused_answers_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.refused_answers IS 'Answers that would have shrunk a day. A stored answer removes the row.';
COMMENT ON COLUMN public.refused_answers.settlement_date IS 'Day whose newer answer was refused.';
COMMENT ON COLUMN public.refused_answers.refused_at IS 'When.';
COMMENT ON COLUMN public.refused_answers.energy_stored IS 'Gross MWh that stay stored.';
COMMENT ON COLUMN public.refused_answers.energy_answered IS 'Gross MWh of the answer.';
COMMENT ON COLUMN public.refused_answers.reason IS 'Why, with both figures.';
CREATE TABLE public.request_pacing (
    source text NOT NULL,
    due bigint NOT NULL
);
COMMENT ON TABLE public.request_pacing IS 'How fast the sources are asked by all processes together; used on PostgreSQL.';
COMMENT ON COLUMN public.request_pacing.source IS 'elexon, mempool or coinbase.';
COMMENT ON COLUMN public.request_pacing.due IS 'When a request would be due, in µs since 1970.';
CREATE TABLE public.restatements (
    settlement_date date NOT NULL,
    restated_at timestamp with time zone NOT NULL,
    hash_before text NOT NULL,
    hash_after text NOT NULL,
    energy_before double precision NOT NULL,
    energy_after double precision NOT NULL,
    payment_before double precision NOT NULL,
    payment_after double precision NOT NULL,
    records_before integer NOT NULL,
    records_after integer NOT NULL,
    CONSTRAINT restatements_energy_after_value CHECK ((abs(energy_after) < 'Infinity'::double precision)),
    CONSTRAINT restatements_energy_before_value CHECK ((abs(energy_before) < 'Infinity'::double precision)),
    CONSTRAINT restatements_payment_after_value CHECK ((abs(payment_after) < 'Infinity'::double precision)),
    CONSTRAINT restatements_payment_before_value CHECK ((abs(payment_before) < 'Infinity'::double precision)),
    CONSTRAINT restatements_restated_at_value CHECK (((restated_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (restated_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT restatements_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.restatements IS 'History of days that the settlement changed after they had been stored.';
COMMENT ON COLUMN public.restatements.settlement_date IS 'Settlement day whose content changed at a later fetch.';
COMMENT ON COLUMN public.restatements.restated_at IS 'When the change was stored.';
COMMENT ON COLUMN public.restatements.hash_before IS 'Content hash before.';
COMMENT ON COLUMN public.restatements.hash_after IS 'Content hash after.';
COMMENT ON COLUMN public.restatements.energy_before IS 'Gross MWh before.';
COMMENT ON COLUMN public.restatements.energy_after IS 'Gross MWh after.';
COMMENT ON COLUMN public.restatements.payment_before IS '£ before.';
COMMENT ON COLUMN public.restatements.payment_after IS '£ after.';
COMMENT ON COLUMN public.restatements.records_before IS 'Curtailment records before.';
COMMENT ON COLUMN public.restatements.records_after IS 'Curtailment records after.';
CREATE TABLE public.settlement_days (
    settlement_date date NOT NULL,
    periods integer NOT NULL,
    fetched_at timestamp with time zone NOT NULL,
    vintage timestamp with time zone,
    content_hash text NOT NULL,
    total_curtailed_energy double precision NOT NULL,
    system_flagged_energy double precision NOT NULL,
    undone_energy double precision NOT NULL,
    total_payment double precision NOT NULL,
    undone_payment double precision NOT NULL,
    curtailment_records integer NOT NULL,
    farms integer NOT NULL,
    periods_curtailed integer NOT NULL,
    farm_periods integer NOT NULL,
    uncounted_bid_mwh double precision,
    origin text,
    CONSTRAINT settlement_days_fetched_at_value CHECK (((fetched_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (fetched_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT settlement_days_periods CHECK ((periods = ANY (ARRAY[46, 48, 50]))),
    CONSTRAINT settlement_days_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date))),
    CONSTRAINT settlement_days_system_flagged_energy_value CHECK ((abs(system_flagged_energy) < 'Infinity'::double precision)),
    CONSTRAINT settlement_days_total_curtailed_energy_value CHECK ((abs(total_curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT settlement_days_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT settlement_days_uncounted_bid_mwh_value CHECK ((abs(uncounted_bid_mwh) < 'Infinity'::double precision)),
    CONSTRAINT settlement_days_undone_energy_value CHECK ((abs(undone_energy) < 'Infinity'::double precision)),
    CONSTRAINT settlement_days_undone_payment_value CHECK ((abs(undone_payment) < 'Infinity'::double precision)),
    CONSTRAINT settlement_days_vintage_value CHECK (((vintage >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (vintage <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.settlement_days IS 'Each whole day and its figures, written with its records in one transaction.';
COMMENT ON COLUMN public.settlement_days.settlement_date IS 'Settlement day.';
COMMENT ON COLUMN public.settlement_days.periods IS 'Settlement periods of the day: 46, 48 or 50.';
COMMENT ON COLUMN public.settlement_days.fetched_at IS 'When the first stack of the last whole fetch was asked for.';
COMMENT ON COLUMN public.settlement_days.vintage IS 'Newest settlement run in it.';
COMMENT ON COLUMN public.settlement_days.content_hash IS 'Hash over the hashes of its periods and sides.';
COMMENT ON COLUMN public.settlement_days.total_curtailed_energy IS 'MWh of all accepted wind bids (gross), positive.';
COMMENT ON COLUMN public.settlement_days.system_flagged_energy IS 'MWh of those with the system flag, positive.';
COMMENT ON COLUMN public.settlement_days.undone_energy IS 'MWh of wind offers that took bids back; net = gross − this.';
COMMENT ON COLUMN public.settlement_days.total_payment IS '£ for the gross energy; positive = paid to the farms.';
COMMENT ON COLUMN public.settlement_days.undone_payment IS '£ for the undone energy, same sign convention; net = total + this.';
COMMENT ON COLUMN public.settlement_days.curtailment_records IS 'Curtailment records: wind bid rows below zero.';
COMMENT ON COLUMN public.settlement_days.farms IS 'Distinct BM units with curtailed energy; units that were only undone are not among them.';
COMMENT ON COLUMN public.settlement_days.periods_curtailed IS 'Settlement periods with curtailment.';
COMMENT ON COLUMN public.settlement_days.farm_periods IS 'Distinct (period, farm) with curtailed energy: what calculations are expected for.';
COMMENT ON COLUMN public.settlement_days.uncounted_bid_mwh IS 'Σ of the bid volumes of all BM units not counted as wind, MWh, signed as received; absent where they were not kept: fetched by an earlier version.';
COMMENT ON COLUMN public.settlement_days.origin IS 'Address of the source that answered, with (generated) behind it when it said that its answers are made up; several are joined by ; and absent means unknown.';
CREATE TABLE public.source_outages (
    source text NOT NULL,
    since timestamp with time zone NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamp with time zone NOT NULL,
    last_error text NOT NULL,
    CONSTRAINT source_outages_next_attempt_at_value CHECK (((next_attempt_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (next_attempt_at <= '9999-12-30 00:00:00+00'::timestamp with time zone))),
    CONSTRAINT source_outages_since_value CHECK (((since >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (since <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.source_outages IS 'Sources that do not answer at all. While one is away no day is blamed for it.';
COMMENT ON COLUMN public.source_outages.source IS 'elexon, mempool, or which of their daily series: bitcoin_price, wind_generation.';
COMMENT ON COLUMN public.source_outages.since IS 'When it was first found away.';
COMMENT ON COLUMN public.source_outages.attempts IS 'How often it was asked since, in vain.';
COMMENT ON COLUMN public.source_outages.next_attempt_at IS 'Not asked again by itself before this.';
COMMENT ON COLUMN public.source_outages.last_error IS 'How it failed last.';
CREATE TABLE public.span_writes (
    span text NOT NULL,
    written_at timestamp with time zone NOT NULL,
    CONSTRAINT span_writes_written_at_value CHECK (((written_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (written_at <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.span_writes IS 'When each span was last written: what was verified before has to be verified again.';
COMMENT ON COLUMN public.span_writes.span IS 'Day (2025-06-01), month (2025-06) or year (2025).';
COMMENT ON COLUMN public.span_writes.written_at IS 'When anything of it was last written by the product.';
CREATE TABLE public.unknown_wind_units (
    settlement_date date NOT NULL,
    bm_unit_id text NOT NULL,
    rows integer NOT NULL,
    bid_mwh double precision NOT NULL,
    CONSTRAINT unknown_wind_units_bid_mwh_value CHECK ((abs(bid_mwh) < 'Infinity'::double precision)),
    CONSTRAINT unknown_wind_units_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date)))
);
COMMENT ON TABLE public.unknown_wind_units IS 'Units with accepted bids that were not counted as wind; other_bm_units explains those that are not wind.';
COMMENT ON COLUMN public.unknown_wind_units.settlement_date IS 'Settlement day.';
COMMENT ON COLUMN public.unknown_wind_units.bm_unit_id IS 'BM unit id in the stacks that was not counted as wind.';
COMMENT ON COLUMN public.unknown_wind_units.rows IS 'Its rows that day, both sides.';
COMMENT ON COLUMN public.unknown_wind_units.bid_mwh IS 'Σ of its bid volumes, MWh, signed as received.';
CREATE TABLE public.verifications (
    span text NOT NULL,
    verified_at timestamp with time zone NOT NULL,
    CONSTRAINT verifications_verified_at_value CHECK (((verified_at >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (verified_at <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.verifications IS 'When each span was last verified by value; what was found is in integrity_findings.';
COMMENT ON COLUMN public.verifications.span IS 'Day (2025-06-01), month (2025-06) or year (2025); all for references.';
COMMENT ON COLUMN public.verifications.verified_at IS 'As it was then, everything of it was last verified by value.';
CREATE TABLE public.wind_generation (
    settlement_date date NOT NULL,
    settlement_period integer NOT NULL,
    start_time timestamp with time zone NOT NULL,
    generated_energy double precision NOT NULL,
    CONSTRAINT wind_generation_energy CHECK ((generated_energy >= (0)::double precision)),
    CONSTRAINT wind_generation_generated_energy_value CHECK ((abs(generated_energy) < 'Infinity'::double precision)),
    CONSTRAINT wind_generation_period CHECK (((settlement_period >= 1) AND (settlement_period <= 50))),
    CONSTRAINT wind_generation_settlement_date_value CHECK (((settlement_date >= '0001-01-01'::date) AND (settlement_date <= '9999-12-31'::date))),
    CONSTRAINT wind_generation_start_time_value CHECK (((start_time >= '0001-01-02 00:00:00+00'::timestamp with time zone) AND (start_time <= '9999-12-30 00:00:00+00'::timestamp with time zone)))
);
COMMENT ON TABLE public.wind_generation IS 'Wind generation of Great Britain half hour by half hour, for whole days only. Embedded wind is not in it.';
COMMENT ON COLUMN public.wind_generation.settlement_date IS 'Settlement day: a Europe/London calendar day.';
COMMENT ON COLUMN public.wind_generation.settlement_period IS 'Half hour of that day, from 1 to its 46, 48 or 50.';
COMMENT ON COLUMN public.wind_generation.start_time IS 'UTC start of the period.';
COMMENT ON COLUMN public.wind_generation.generated_energy IS 'MWh that metered wind generated in the half hour: FUELHH WIND in MW ÷ 2.';
CREATE TABLE public.yearly_summaries (
    year text NOT NULL,
    total_curtailed_energy double precision NOT NULL,
    system_flagged_energy double precision NOT NULL,
    undone_energy double precision NOT NULL,
    total_payment double precision NOT NULL,
    undone_payment double precision NOT NULL,
    curtailment_records integer NOT NULL,
    farms integer NOT NULL,
    periods_curtailed integer NOT NULL,
    days_expected integer NOT NULL,
    days_complete integer NOT NULL,
    generated_energy double precision,
    curtailed_share double precision,
    days_with_generation integer,
    CONSTRAINT yearly_summaries_curtailed_share_value CHECK ((abs(curtailed_share) < 'Infinity'::double precision)),
    CONSTRAINT yearly_summaries_generated_energy_value CHECK ((abs(generated_energy) < 'Infinity'::double precision)),
    CONSTRAINT yearly_summaries_system_flagged_energy_value CHECK ((abs(system_flagged_energy) < 'Infinity'::double precision)),
    CONSTRAINT yearly_summaries_total_curtailed_energy_value CHECK ((abs(total_curtailed_energy) < 'Infinity'::double precision)),
    CONSTRAINT yearly_summaries_total_payment_value CHECK ((abs(total_payment) < 'Infinity'::double precision)),
    CONSTRAINT yearly_summaries_undone_energy_value CHECK ((abs(undone_energy) < 'Infinity'::double precision)),
    CONSTRAINT yearly_summaries_undone_payment_value CHECK ((abs(undone_payment) < 'Infinity'::double precision))
);
COMMENT ON TABLE public.yearly_summaries IS 'Sum of the months of a year.';
COMMENT ON COLUMN public.yearly_summaries.year IS 'Year, as 2025.';
COMMENT ON COLUMN public.yearly_summaries.total_curtailed_energy IS 'MWh of all accepted wind bids (gross), positive.';
COMMENT ON COLUMN public.yearly_summaries.system_flagged_energy IS 'MWh of those with the system flag, positive.';
COMMENT ON COLUMN public.yearly_summaries.undone_energy IS 'MWh of wind offers that took bids back; net = gross − this.';
COMMENT ON COLUMN public.yearly_summaries.total_payment IS '£ for the gross energy; positive = paid to the farms.';
COMMENT ON COLUMN public.yearly_summaries.undone_payment IS '£ for the undone energy, same sign convention; net = total + this.';
COMMENT ON COLUMN public.yearly_summaries.curtailment_records IS 'Curtailment records: wind bid rows below zero.';
COMMENT ON COLUMN public.yearly_summaries.farms IS 'Distinct BM units with curtailed energy; units that were only undone are not among them.';
COMMENT ON COLUMN public.yearly_summaries.periods_curtailed IS 'Settlement periods with curtailment.';
COMMENT ON COLUMN public.yearly_summaries.days_expected IS 'Days of this span within the first and last partition.';
COMMENT ON COLUMN public.yearly_summaries.days_complete IS 'Days of it that are whole and in these figures.';
COMMENT ON COLUMN public.yearly_summaries.generated_energy IS 'MWh that metered wind generated on the same days (FUELHH WIND); absent while that of any day is unknown.';
COMMENT ON COLUMN public.yearly_summaries.curtailed_share IS 'Curtailed ÷ (generated + curtailed) energy, 0 to 1, gross; absent while the generation is unknown.';
COMMENT ON COLUMN public.yearly_summaries.days_with_generation IS 'Complete days whose generation is known: of days_complete.';
INSERT INTO public.alembic_version VALUES ('0017');
INSERT INTO public.alerts_sent VALUES ('some cause', '2025-06-03');
INSERT INTO public.bitcoin_daily_summaries VALUES ('2025-06-03', 'some miner_model', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004);
INSERT INTO public.bitcoin_monthly_summaries VALUES ('some year_month', 'some miner_model', 0.30000000000000004, 0.30000000000000004, 1, 1, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1);
INSERT INTO public.bitcoin_price VALUES ('2025-06-03', 0.30000000000000004, '2025-06-05 12:30:15.123456+00', 'mempool');
INSERT INTO public.bitcoin_yearly_summaries VALUES ('some year', 'some miner_model', 0.30000000000000004, 0.30000000000000004, 1, 1, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1);
INSERT INTO public.calculation_days VALUES ('2025-06-03', 'some miner_model', 0.30000000000000004, 0.30000000000000004, 'some records_hash', 1, 0.30000000000000004, 0.30000000000000004);
INSERT INTO public.curtailment_records VALUES ('2025-06-03', 1, '2025-06-05 12:30:15.123456+00', 'bid', 1, 'some farm_id', 'some lead_party_name', 1099511627776, 1, true, true, -1.5, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, '2025-06-05 12:30:15.123456+00');
INSERT INTO public.daily_summaries VALUES ('2025-06-03', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1, 1, 1, 0.30000000000000004, 0.30000000000000004);
INSERT INTO public.day_fetches VALUES ('some name', '2025-06-03', '2025-06-05 12:30:15.123456+00', 'some content_hash', 1, '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 'some last_error', 'some origin');
INSERT INTO public.healing_attempts VALUES ('2025-06-03', 1, '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 'some last_error', '2025-06-05 12:30:15.123456+00');
INSERT INTO public.historical_bitcoin_calculations VALUES ('2025-06-03', 1, 'some farm_id', 'some miner_model', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, '2025-06-05 12:30:15.123456+00');
INSERT INTO public.integrity_findings VALUES ('some table_name', 'some check_name', 'some span', '2025-06-03', 'error', 'damaged', 1, 1, 1, 1, 'some example', '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 0.30000000000000004);
INSERT INTO public.integrity_scans VALUES ('some scope', '2025-06-05 12:30:15.123456+00', '2025-06-03', '2025-06-03', 1);
INSERT INTO public.monthly_summaries VALUES ('some year_month', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1, 1, 1, 1, 1, 0.30000000000000004, 0.30000000000000004, 1);
INSERT INTO public.network_epochs VALUES ('2025-06-05 12:30:15.123456+00', 1, 'retarget', 0.30000000000000004, 0.30000000000000004);
INSERT INTO public.oracle_comparisons VALUES ('2025-06-03', '2025-06-05 12:30:15.123456+00', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1, 'some problem');
INSERT INTO public.other_bm_units VALUES ('some bm_unit_id', 'some kind');
INSERT INTO public.reference_fetches VALUES ('some name', '2025-06-05 12:30:15.123456+00', 1, 'some content_hash', 'some origin');
INSERT INTO public.reference_refusals VALUES ('some name', '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 'some reason');
INSERT INTO public.refused_answers VALUES ('2025-06-03', '2025-06-05 12:30:15.123456+00', 0.30000000000000004, 0.30000000000000004, 'some reason');
INSERT INTO public.request_pacing VALUES ('some source', 1099511627776);
INSERT INTO public.restatements VALUES ('2025-06-03', '2025-06-05 12:30:15.123456+00', 'some hash_before', 'some hash_after', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1, 1);
INSERT INTO public.settlement_days VALUES ('2025-06-03', 48, '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 'some content_hash', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1, 1, 1, 1, 0.30000000000000004, 'some origin');
INSERT INTO public.settlement_ledger VALUES ('2025-06-03', 1, 'bid', '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 1, 1, 0.30000000000000004, 'some content_hash', 'rows', true);
INSERT INTO public.source_outages VALUES ('some source', '2025-06-05 12:30:15.123456+00', 1, '2025-06-05 12:30:15.123456+00', 'some last_error');
INSERT INTO public.span_writes VALUES ('some span', '2025-06-05 12:30:15.123456+00');
INSERT INTO public.unknown_wind_units VALUES ('2025-06-03', 'some bm_unit_id', 1, 0.30000000000000004);
INSERT INTO public.verifications VALUES ('some span', '2025-06-05 12:30:15.123456+00');
INSERT INTO public.wind_bm_units VALUES ('some bm_unit_id', '2025-06-05 12:30:15.123456+00', '2025-06-05 12:30:15.123456+00', 'some bm_unit_name', 'some lead_party_name', 0.30000000000000004, 'some source', true, 'some site');
INSERT INTO public.wind_generation VALUES ('2025-06-03', 1, '2025-06-05 12:30:15.123456+00', 0.30000000000000004);
INSERT INTO public.yearly_summaries VALUES ('some year', 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 0.30000000000000004, 1, 1, 1, 1, 1, 0.30000000000000004, 0.30000000000000004, 1);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.alerts_sent
    ADD CONSTRAINT alerts_sent_pk PRIMARY KEY (cause, sent_on);
ALTER TABLE ONLY public.bitcoin_daily_summaries
    ADD CONSTRAINT bitcoin_daily_summaries_pk PRIMARY KEY (summary_date, miner_model);
ALTER TABLE ONLY public.bitcoin_monthly_summaries
    ADD CONSTRAINT bitcoin_monthly_summaries_pk PRIMARY KEY (year_month, miner_model);
ALTER TABLE ONLY public.bitcoin_price
    ADD CONSTRAINT bitcoin_price_pk PRIMARY KEY (settlement_date);
ALTER TABLE ONLY public.bitcoin_yearly_summaries
    ADD CONSTRAINT bitcoin_yearly_summaries_pk PRIMARY KEY (year, miner_model);
ALTER TABLE ONLY public.calculation_days
    ADD CONSTRAINT calculation_days_pk PRIMARY KEY (settlement_date, miner_model);
ALTER TABLE ONLY public.curtailment_records
    ADD CONSTRAINT curtailment_records_pk PRIMARY KEY (settlement_date, settlement_period, side, sequence_number);
ALTER TABLE ONLY public.daily_summaries
    ADD CONSTRAINT daily_summaries_pk PRIMARY KEY (summary_date);
ALTER TABLE ONLY public.day_fetches
    ADD CONSTRAINT day_fetches_pk PRIMARY KEY (name, settlement_date);
ALTER TABLE ONLY public.healing_attempts
    ADD CONSTRAINT healing_attempts_pk PRIMARY KEY (settlement_date);
ALTER TABLE ONLY public.historical_bitcoin_calculations
    ADD CONSTRAINT historical_bitcoin_calculations_pk PRIMARY KEY (settlement_date, settlement_period, farm_id, miner_model);
ALTER TABLE ONLY public.integrity_findings
    ADD CONSTRAINT integrity_findings_pk PRIMARY KEY (table_name, check_name, span);
ALTER TABLE ONLY public.integrity_scans
    ADD CONSTRAINT integrity_scans_pk PRIMARY KEY (scope);
ALTER TABLE ONLY public.monthly_summaries
    ADD CONSTRAINT monthly_summaries_pk PRIMARY KEY (year_month);
ALTER TABLE ONLY public.network_epochs
    ADD CONSTRAINT network_epochs_pk PRIMARY KEY (height, kind);
ALTER TABLE ONLY public.oracle_comparisons
    ADD CONSTRAINT oracle_comparisons_pk PRIMARY KEY (settlement_date);
ALTER TABLE ONLY public.other_bm_units
    ADD CONSTRAINT other_bm_units_pk PRIMARY KEY (bm_unit_id);
ALTER TABLE ONLY public.reference_fetches
    ADD CONSTRAINT reference_fetches_pk PRIMARY KEY (name);
ALTER TABLE ONLY public.reference_refusals
    ADD CONSTRAINT reference_refusals_pk PRIMARY KEY (name);
ALTER TABLE ONLY public.refused_answers
    ADD CONSTRAINT refused_answers_pk PRIMARY KEY (settlement_date);
ALTER TABLE ONLY public.request_pacing
    ADD CONSTRAINT request_pacing_pk PRIMARY KEY (source);
ALTER TABLE ONLY public.restatements
    ADD CONSTRAINT restatements_pk PRIMARY KEY (settlement_date, restated_at);
ALTER TABLE ONLY public.settlement_days
    ADD CONSTRAINT settlement_days_pk PRIMARY KEY (settlement_date);
ALTER TABLE ONLY public.settlement_ledger
    ADD CONSTRAINT settlement_ledger_pk PRIMARY KEY (settlement_date, settlement_period, side);
ALTER TABLE ONLY public.source_outages
    ADD CONSTRAINT source_outages_pk PRIMARY KEY (source);
ALTER TABLE ONLY public.span_writes
    ADD CONSTRAINT span_writes_pk PRIMARY KEY (span);
ALTER TABLE ONLY public.unknown_wind_units
    ADD CONSTRAINT unknown_wind_units_pk PRIMARY KEY (settlement_date, bm_unit_id);
ALTER TABLE ONLY public.verifications
    ADD CONSTRAINT verifications_pk PRIMARY KEY (span);
ALTER TABLE ONLY public.wind_bm_units
    ADD CONSTRAINT wind_bm_units_pk PRIMARY KEY (bm_unit_id, seen_from);
ALTER TABLE ONLY public.wind_generation
    ADD CONSTRAINT wind_generation_pk PRIMARY KEY (settlement_date, settlement_period);
ALTER TABLE ONLY public.yearly_summaries
    ADD CONSTRAINT yearly_summaries_pk PRIMARY KEY (year);
CREATE INDEX integrity_findings_settlement_date ON public.integrity_findings USING btree (settlement_date);
CREATE INDEX unknown_wind_units_bm_unit_id ON public.unknown_wind_units USING btree (bm_unit_id);
CREATE UNIQUE INDEX wind_bm_units_bm_unit_id ON public.wind_bm_units USING btree (bm_unit_id) WHERE is_current;
CREATE OR REPLACE VIEW public.whole_days AS
 SELECT d.settlement_date,
        CASE
            WHEN (d.fetched_at >= (((d.settlement_date + 1) + '15:00:00'::time without time zone) AT TIME ZONE 'UTC'::text)) THEN 'final'::text
            ELSE 'provisional'::text
        END AS state,
    d.periods,
    d.fetched_at,
    d.vintage
   FROM (public.settlement_days d
     JOIN public.settlement_ledger l ON ((l.settlement_date = d.settlement_date)))
  WHERE (NOT (EXISTS ( SELECT 1
           FROM public.integrity_findings f
          WHERE ((f.settlement_date = d.settlement_date) AND (f.effect = 'damaged'::text)))))
  GROUP BY d.settlement_date
 HAVING (count(*) = (2 * d.periods));
