BEGIN TRANSACTION;
CREATE TABLE "alembic_version" (
	version_num TEXT NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)
 STRICT
;
INSERT INTO "alembic_version" VALUES('0017');
CREATE TABLE "alerts_sent" (
	cause TEXT NOT NULL,
	sent_on TEXT NOT NULL,
	CONSTRAINT alerts_sent_pk PRIMARY KEY (cause, sent_on),
	CONSTRAINT alerts_sent_sent_on_value CHECK (sent_on IS date(sent_on, '+0 days') AND sent_on > '0001')
)
 STRICT
;
INSERT INTO "alerts_sent" VALUES('some cause','2025-06-03');
CREATE TABLE "bitcoin_daily_summaries" (
	summary_date TEXT NOT NULL,
	miner_model TEXT NOT NULL,
	curtailed_energy REAL NOT NULL,
	bitcoin_mined REAL NOT NULL,
	bitcoin_value REAL,
	total_payment REAL,
	value_ratio REAL,
	CONSTRAINT bitcoin_daily_summaries_pk PRIMARY KEY (summary_date, miner_model),
	CONSTRAINT bitcoin_daily_summaries_summary_date_value CHECK (summary_date IS date(summary_date, '+0 days') AND summary_date > '0001'),
	CONSTRAINT bitcoin_daily_summaries_curtailed_energy_value CHECK (abs(curtailed_energy) < 9e999),
	CONSTRAINT bitcoin_daily_summaries_bitcoin_mined_value CHECK (abs(bitcoin_mined) < 9e999),
	CONSTRAINT bitcoin_daily_summaries_bitcoin_value_value CHECK (abs(bitcoin_value) < 9e999),
	CONSTRAINT bitcoin_daily_summaries_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT bitcoin_daily_summaries_value_ratio_value CHECK (abs(value_ratio) < 9e999)
)
 STRICT
;
INSERT INTO "bitcoin_daily_summaries" VALUES('2025-06-03','some miner_model',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01);
CREATE TABLE "bitcoin_monthly_summaries" (
	year_month TEXT NOT NULL,
	miner_model TEXT NOT NULL,
	curtailed_energy REAL NOT NULL,
	bitcoin_mined REAL NOT NULL,
	days_expected INTEGER NOT NULL,
	days_complete INTEGER NOT NULL,
	bitcoin_value REAL,
	total_payment REAL,
	value_ratio REAL,
	days_priced INTEGER,
	CONSTRAINT bitcoin_monthly_summaries_pk PRIMARY KEY (year_month, miner_model),
	CONSTRAINT bitcoin_monthly_summaries_curtailed_energy_value CHECK (abs(curtailed_energy) < 9e999),
	CONSTRAINT bitcoin_monthly_summaries_bitcoin_mined_value CHECK (abs(bitcoin_mined) < 9e999),
	CONSTRAINT bitcoin_monthly_summaries_days_expected_value CHECK (days_expected BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT bitcoin_monthly_summaries_days_complete_value CHECK (days_complete BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT bitcoin_monthly_summaries_bitcoin_value_value CHECK (abs(bitcoin_value) < 9e999),
	CONSTRAINT bitcoin_monthly_summaries_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT bitcoin_monthly_summaries_value_ratio_value CHECK (abs(value_ratio) < 9e999),
	CONSTRAINT bitcoin_monthly_summaries_days_priced_value CHECK (days_priced BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "bitcoin_monthly_summaries" VALUES('some year_month','some miner_model',3.00000000000000044408e-01,3.00000000000000044408e-01,1,1,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1);
CREATE TABLE "bitcoin_price" (
	settlement_date TEXT NOT NULL,
	price REAL NOT NULL,
	quoted_at TEXT NOT NULL,
	source TEXT NOT NULL,
	CONSTRAINT bitcoin_price_pk PRIMARY KEY (settlement_date),
	CONSTRAINT bitcoin_price_price CHECK (price > 0),
	CONSTRAINT bitcoin_price_source CHECK (source IN ('file', 'mempool', 'coinbase')),
	CONSTRAINT bitcoin_price_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT bitcoin_price_price_value CHECK (abs(price) < 9e999),
	CONSTRAINT bitcoin_price_quoted_at_value CHECK (substr(quoted_at, 1, 19) IS datetime(substr(quoted_at, 1, 19), '+0 days') AND quoted_at > '0001-01-02' AND substr(quoted_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "bitcoin_price" VALUES('2025-06-03',3.00000000000000044408e-01,'2025-06-05 12:30:15.123456','mempool');
CREATE TABLE "bitcoin_yearly_summaries" (
	year TEXT NOT NULL,
	miner_model TEXT NOT NULL,
	curtailed_energy REAL NOT NULL,
	bitcoin_mined REAL NOT NULL,
	days_expected INTEGER NOT NULL,
	days_complete INTEGER NOT NULL,
	bitcoin_value REAL,
	total_payment REAL,
	value_ratio REAL,
	days_priced INTEGER,
	CONSTRAINT bitcoin_yearly_summaries_pk PRIMARY KEY (year, miner_model),
	CONSTRAINT bitcoin_yearly_summaries_curtailed_energy_value CHECK (abs(curtailed_energy) < 9e999),
	CONSTRAINT bitcoin_yearly_summaries_bitcoin_mined_value CHECK (abs(bitcoin_mined) < 9e999),
	CONSTRAINT bitcoin_yearly_summaries_days_expected_value CHECK (days_expected BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT bitcoin_yearly_summaries_days_complete_value CHECK (days_complete BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT bitcoin_yearly_summaries_bitcoin_value_value CHECK (abs(bitcoin_value) < 9e999),
	CONSTRAINT bitcoin_yearly_summaries_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT bitcoin_yearly_summaries_value_ratio_value CHECK (abs(value_ratio) < 9e999),
	CONSTRAINT bitcoin_yearly_summaries_days_priced_value CHECK (days_priced BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "bitcoin_yearly_summaries" VALUES('some year','some miner_model',3.00000000000000044408e-01,3.00000000000000044408e-01,1,1,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1);
CREATE TABLE "calculation_days" (
	settlement_date TEXT NOT NULL,
	miner_model TEXT NOT NULL,
	hashrate_th REAL NOT NULL,
	power_w REAL NOT NULL,
	records_hash TEXT NOT NULL,
	calculations INTEGER NOT NULL,
	curtailed_energy REAL NOT NULL,
	bitcoin_mined REAL NOT NULL,
	CONSTRAINT calculation_days_pk PRIMARY KEY (settlement_date, miner_model),
	CONSTRAINT calculation_days_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT calculation_days_hashrate_th_value CHECK (abs(hashrate_th) < 9e999),
	CONSTRAINT calculation_days_power_w_value CHECK (abs(power_w) < 9e999),
	CONSTRAINT calculation_days_calculations_value CHECK (calculations BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT calculation_days_curtailed_energy_value CHECK (abs(curtailed_energy) < 9e999),
	CONSTRAINT calculation_days_bitcoin_mined_value CHECK (abs(bitcoin_mined) < 9e999)
)
 STRICT
;
INSERT INTO "calculation_days" VALUES('2025-06-03','some miner_model',3.00000000000000044408e-01,3.00000000000000044408e-01,'some records_hash',1,3.00000000000000044408e-01,3.00000000000000044408e-01);
CREATE TABLE "curtailment_records" (
	settlement_date TEXT NOT NULL,
	settlement_period INTEGER NOT NULL,
	start_time TEXT NOT NULL,
	side TEXT NOT NULL,
	sequence_number INTEGER NOT NULL,
	farm_id TEXT NOT NULL,
	lead_party_name TEXT,
	acceptance_id INTEGER,
	bid_offer_pair_id INTEGER,
	so_flag INTEGER,
	cadl_flag INTEGER,
	volume REAL NOT NULL,
	original_price REAL NOT NULL,
	final_price REAL,
	transmission_loss_multiplier REAL,
	payment REAL NOT NULL,
	vintage TEXT NOT NULL,
	CONSTRAINT curtailment_records_pk PRIMARY KEY (settlement_date, settlement_period, side, sequence_number),
	CONSTRAINT curtailment_records_period CHECK (settlement_period BETWEEN 1 AND 50),
	CONSTRAINT curtailment_records_side CHECK (side IN ('bid', 'offer')),
	CONSTRAINT curtailment_records_sign CHECK ((side = 'bid' AND volume <= 0) OR (side = 'offer' AND volume >= 0)),
	CONSTRAINT curtailment_records_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT curtailment_records_settlement_period_value CHECK (settlement_period BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT curtailment_records_start_time_value CHECK (substr(start_time, 1, 19) IS datetime(substr(start_time, 1, 19), '+0 days') AND start_time > '0001-01-02' AND substr(start_time, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT curtailment_records_sequence_number_value CHECK (sequence_number BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT curtailment_records_bid_offer_pair_id_value CHECK (bid_offer_pair_id BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT curtailment_records_so_flag_value CHECK (so_flag IN (0, 1)),
	CONSTRAINT curtailment_records_cadl_flag_value CHECK (cadl_flag IN (0, 1)),
	CONSTRAINT curtailment_records_volume_value CHECK (abs(volume) < 9e999),
	CONSTRAINT curtailment_records_original_price_value CHECK (abs(original_price) < 9e999),
	CONSTRAINT curtailment_records_final_price_value CHECK (abs(final_price) < 9e999),
	CONSTRAINT curtailment_records_transmission_loss_multiplier_value CHECK (abs(transmission_loss_multiplier) < 9e999),
	CONSTRAINT curtailment_records_payment_value CHECK (abs(payment) < 9e999),
	CONSTRAINT curtailment_records_vintage_value CHECK (substr(vintage, 1, 19) IS datetime(substr(vintage, 1, 19), '+0 days') AND vintage > '0001-01-02' AND substr(vintage, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "curtailment_records" VALUES('2025-06-03',1,'2025-06-05 12:30:15.123456','bid',1,'some farm_id','some lead_party_name',1099511627776,1,1,1,-1.5,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,'2025-06-05 12:30:15.123456');
CREATE TABLE "daily_summaries" (
	summary_date TEXT NOT NULL,
	total_curtailed_energy REAL NOT NULL,
	system_flagged_energy REAL NOT NULL,
	undone_energy REAL NOT NULL,
	total_payment REAL NOT NULL,
	undone_payment REAL NOT NULL,
	curtailment_records INTEGER NOT NULL,
	farms INTEGER NOT NULL,
	periods_curtailed INTEGER NOT NULL,
	generated_energy REAL,
	curtailed_share REAL,
	CONSTRAINT daily_summaries_pk PRIMARY KEY (summary_date),
	CONSTRAINT daily_summaries_summary_date_value CHECK (summary_date IS date(summary_date, '+0 days') AND summary_date > '0001'),
	CONSTRAINT daily_summaries_total_curtailed_energy_value CHECK (abs(total_curtailed_energy) < 9e999),
	CONSTRAINT daily_summaries_system_flagged_energy_value CHECK (abs(system_flagged_energy) < 9e999),
	CONSTRAINT daily_summaries_undone_energy_value CHECK (abs(undone_energy) < 9e999),
	CONSTRAINT daily_summaries_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT daily_summaries_undone_payment_value CHECK (abs(undone_payment) < 9e999),
	CONSTRAINT daily_summaries_curtailment_records_value CHECK (curtailment_records BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT daily_summaries_farms_value CHECK (farms BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT daily_summaries_periods_curtailed_value CHECK (periods_curtailed BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT daily_summaries_generated_energy_value CHECK (abs(generated_energy) < 9e999),
	CONSTRAINT daily_summaries_curtailed_share_value CHECK (abs(curtailed_share) < 9e999)
)
 STRICT
;
INSERT INTO "daily_summaries" VALUES('2025-06-03',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1,1,1,3.00000000000000044408e-01,3.00000000000000044408e-01);
CREATE TABLE "day_fetches" (
	name TEXT NOT NULL,
	settlement_date TEXT NOT NULL,
	fetched_at TEXT,
	content_hash TEXT,
	attempts INTEGER NOT NULL,
	last_attempt_at TEXT,
	next_attempt_at TEXT,
	last_error TEXT,
	origin TEXT,
	CONSTRAINT day_fetches_pk PRIMARY KEY (name, settlement_date),
	CONSTRAINT day_fetches_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT day_fetches_fetched_at_value CHECK (substr(fetched_at, 1, 19) IS datetime(substr(fetched_at, 1, 19), '+0 days') AND fetched_at > '0001-01-02' AND substr(fetched_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT day_fetches_attempts_value CHECK (attempts BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT day_fetches_last_attempt_at_value CHECK (substr(last_attempt_at, 1, 19) IS datetime(substr(last_attempt_at, 1, 19), '+0 days') AND last_attempt_at > '0001-01-02' AND substr(last_attempt_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT day_fetches_next_attempt_at_value CHECK (substr(next_attempt_at, 1, 19) IS datetime(substr(next_attempt_at, 1, 19), '+0 days') AND next_attempt_at > '0001-01-02' AND substr(next_attempt_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "day_fetches" VALUES('some name','2025-06-03','2025-06-05 12:30:15.123456','some content_hash',1,'2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456','some last_error','some origin');
CREATE TABLE "healing_attempts" (
	settlement_date TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	last_attempt_at TEXT NOT NULL,
	next_attempt_at TEXT NOT NULL,
	last_error TEXT,
	quarantined_at TEXT,
	CONSTRAINT healing_attempts_pk PRIMARY KEY (settlement_date),
	CONSTRAINT healing_attempts_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT healing_attempts_attempts_value CHECK (attempts BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT healing_attempts_last_attempt_at_value CHECK (substr(last_attempt_at, 1, 19) IS datetime(substr(last_attempt_at, 1, 19), '+0 days') AND last_attempt_at > '0001-01-02' AND substr(last_attempt_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT healing_attempts_next_attempt_at_value CHECK (substr(next_attempt_at, 1, 19) IS datetime(substr(next_attempt_at, 1, 19), '+0 days') AND next_attempt_at > '0001-01-02' AND substr(next_attempt_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT healing_attempts_quarantined_at_value CHECK (substr(quarantined_at, 1, 19) IS datetime(substr(quarantined_at, 1, 19), '+0 days') AND quarantined_at > '0001-01-02' AND substr(quarantined_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "healing_attempts" VALUES('2025-06-03',1,'2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456','some last_error','2025-06-05 12:30:15.123456');
CREATE TABLE "historical_bitcoin_calculations" (
	settlement_date TEXT NOT NULL,
	settlement_period INTEGER NOT NULL,
	farm_id TEXT NOT NULL,
	miner_model TEXT NOT NULL,
	curtailed_energy REAL NOT NULL,
	bitcoin_mined REAL NOT NULL,
	difficulty REAL NOT NULL,
	block_subsidy REAL NOT NULL,
	calculated_at TEXT NOT NULL,
	CONSTRAINT historical_bitcoin_calculations_pk PRIMARY KEY (settlement_date, settlement_period, farm_id, miner_model),
	CONSTRAINT historical_bitcoin_calculations_network CHECK (difficulty > 0 AND block_subsidy >= 0),
	CONSTRAINT historical_bitcoin_calculations_period CHECK (settlement_period BETWEEN 1 AND 50),
	CONSTRAINT historical_bitcoin_calculations_positive CHECK (curtailed_energy > 0 AND bitcoin_mined >= 0),
	CONSTRAINT historical_bitcoin_calculations_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT historical_bitcoin_calculations_settlement_period_value CHECK (settlement_period BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT historical_bitcoin_calculations_curtailed_energy_value CHECK (abs(curtailed_energy) < 9e999),
	CONSTRAINT historical_bitcoin_calculations_bitcoin_mined_value CHECK (abs(bitcoin_mined) < 9e999),
	CONSTRAINT historical_bitcoin_calculations_difficulty_value CHECK (abs(difficulty) < 9e999),
	CONSTRAINT historical_bitcoin_calculations_block_subsidy_value CHECK (abs(block_subsidy) < 9e999),
	CONSTRAINT historical_bitcoin_calculations_calculated_at_value CHECK (substr(calculated_at, 1, 19) IS datetime(substr(calculated_at, 1, 19), '+0 days') AND calculated_at > '0001-01-02' AND substr(calculated_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "historical_bitcoin_calculations" VALUES('2025-06-03',1,'some farm_id','some miner_model',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,'2025-06-05 12:30:15.123456');
CREATE TABLE "integrity_findings" (
	table_name TEXT NOT NULL,
	check_name TEXT NOT NULL,
	span TEXT NOT NULL,
	settlement_date TEXT,
	severity TEXT NOT NULL,
	effect TEXT NOT NULL,
	problems INTEGER NOT NULL,
	missing INTEGER NOT NULL,
	orphan INTEGER NOT NULL,
	stale INTEGER NOT NULL,
	example TEXT NOT NULL,
	found_at TEXT NOT NULL,
	open_since TEXT NOT NULL,
	mwh REAL,
	CONSTRAINT integrity_findings_pk PRIMARY KEY (table_name, check_name, span),
	CONSTRAINT integrity_findings_effect CHECK (effect IN ('damaged', 'inconsistent', 'nothing')),
	CONSTRAINT integrity_findings_severity CHECK (severity IN ('error', 'warn')),
	CONSTRAINT integrity_findings_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT integrity_findings_problems_value CHECK (problems BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT integrity_findings_missing_value CHECK (missing BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT integrity_findings_orphan_value CHECK (orphan BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT integrity_findings_stale_value CHECK (stale BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT integrity_findings_found_at_value CHECK (substr(found_at, 1, 19) IS datetime(substr(found_at, 1, 19), '+0 days') AND found_at > '0001-01-02' AND substr(found_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT integrity_findings_open_since_value CHECK (substr(open_since, 1, 19) IS datetime(substr(open_since, 1, 19), '+0 days') AND open_since > '0001-01-02' AND substr(open_since, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT integrity_findings_mwh_value CHECK (abs(mwh) < 9e999)
)
 STRICT
;
INSERT INTO "integrity_findings" VALUES('some table_name','some check_name','some span','2025-06-03','error','damaged',1,1,1,1,'some example','2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456',3.00000000000000044408e-01);
CREATE TABLE "integrity_scans" (
	scope TEXT NOT NULL,
	finished_at TEXT NOT NULL,
	first_day TEXT NOT NULL,
	last_day TEXT NOT NULL,
	errors INTEGER NOT NULL,
	CONSTRAINT integrity_scans_pk PRIMARY KEY (scope),
	CONSTRAINT integrity_scans_finished_at_value CHECK (substr(finished_at, 1, 19) IS datetime(substr(finished_at, 1, 19), '+0 days') AND finished_at > '0001-01-02' AND substr(finished_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT integrity_scans_first_day_value CHECK (first_day IS date(first_day, '+0 days') AND first_day > '0001'),
	CONSTRAINT integrity_scans_last_day_value CHECK (last_day IS date(last_day, '+0 days') AND last_day > '0001'),
	CONSTRAINT integrity_scans_errors_value CHECK (errors BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "integrity_scans" VALUES('some scope','2025-06-05 12:30:15.123456','2025-06-03','2025-06-03',1);
CREATE TABLE "monthly_summaries" (
	year_month TEXT NOT NULL,
	total_curtailed_energy REAL NOT NULL,
	system_flagged_energy REAL NOT NULL,
	undone_energy REAL NOT NULL,
	total_payment REAL NOT NULL,
	undone_payment REAL NOT NULL,
	curtailment_records INTEGER NOT NULL,
	farms INTEGER NOT NULL,
	periods_curtailed INTEGER NOT NULL,
	days_expected INTEGER NOT NULL,
	days_complete INTEGER NOT NULL,
	generated_energy REAL,
	curtailed_share REAL,
	days_with_generation INTEGER,
	CONSTRAINT monthly_summaries_pk PRIMARY KEY (year_month),
	CONSTRAINT monthly_summaries_total_curtailed_energy_value CHECK (abs(total_curtailed_energy) < 9e999),
	CONSTRAINT monthly_summaries_system_flagged_energy_value CHECK (abs(system_flagged_energy) < 9e999),
	CONSTRAINT monthly_summaries_undone_energy_value CHECK (abs(undone_energy) < 9e999),
	CONSTRAINT monthly_summaries_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT monthly_summaries_undone_payment_value CHECK (abs(undone_payment) < 9e999),
	CONSTRAINT monthly_summaries_curtailment_records_value CHECK (curtailment_records BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT monthly_summaries_farms_value CHECK (farms BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT monthly_summaries_periods_curtailed_value CHECK (periods_curtailed BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT monthly_summaries_days_expected_value CHECK (days_expected BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT monthly_summaries_days_complete_value CHECK (days_complete BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT monthly_summaries_generated_energy_value CHECK (abs(generated_energy) < 9e999),
	CONSTRAINT monthly_summaries_curtailed_share_value CHECK (abs(curtailed_share) < 9e999),
	CONSTRAINT monthly_summaries_days_with_generation_value CHECK (days_with_generation BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "monthly_summaries" VALUES('some year_month',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1,1,1,1,1,3.00000000000000044408e-01,3.00000000000000044408e-01,1);
CREATE TABLE "network_epochs" (
	block_time TEXT NOT NULL,
	height INTEGER NOT NULL,
	kind TEXT NOT NULL,
	difficulty REAL NOT NULL,
	block_subsidy REAL NOT NULL,
	CONSTRAINT network_epochs_pk PRIMARY KEY (height, kind),
	CONSTRAINT network_epochs_difficulty CHECK (difficulty > 0),
	CONSTRAINT network_epochs_height CHECK (height >= 0),
	CONSTRAINT network_epochs_block_time_value CHECK (substr(block_time, 1, 19) IS datetime(substr(block_time, 1, 19), '+0 days') AND block_time > '0001-01-02' AND substr(block_time, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT network_epochs_height_value CHECK (height BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT network_epochs_difficulty_value CHECK (abs(difficulty) < 9e999),
	CONSTRAINT network_epochs_block_subsidy_value CHECK (abs(block_subsidy) < 9e999)
)
 STRICT
;
INSERT INTO "network_epochs" VALUES('2025-06-05 12:30:15.123456',1,'retarget',3.00000000000000044408e-01,3.00000000000000044408e-01);
CREATE TABLE "oracle_comparisons" (
	settlement_date TEXT NOT NULL,
	compared_at TEXT NOT NULL,
	energy_stack REAL,
	energy_volumes REAL,
	cash_stack REAL,
	cash_flows REAL,
	differing INTEGER NOT NULL,
	problem TEXT,
	CONSTRAINT oracle_comparisons_pk PRIMARY KEY (settlement_date),
	CONSTRAINT oracle_comparisons_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT oracle_comparisons_compared_at_value CHECK (substr(compared_at, 1, 19) IS datetime(substr(compared_at, 1, 19), '+0 days') AND compared_at > '0001-01-02' AND substr(compared_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT oracle_comparisons_energy_stack_value CHECK (abs(energy_stack) < 9e999),
	CONSTRAINT oracle_comparisons_energy_volumes_value CHECK (abs(energy_volumes) < 9e999),
	CONSTRAINT oracle_comparisons_cash_stack_value CHECK (abs(cash_stack) < 9e999),
	CONSTRAINT oracle_comparisons_cash_flows_value CHECK (abs(cash_flows) < 9e999),
	CONSTRAINT oracle_comparisons_differing_value CHECK (differing BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "oracle_comparisons" VALUES('2025-06-03','2025-06-05 12:30:15.123456',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1,'some problem');
CREATE TABLE "other_bm_units" (
	bm_unit_id TEXT NOT NULL,
	kind TEXT NOT NULL,
	CONSTRAINT other_bm_units_pk PRIMARY KEY (bm_unit_id)
)
 STRICT
;
INSERT INTO "other_bm_units" VALUES('some bm_unit_id','some kind');
CREATE TABLE "reference_fetches" (
	name TEXT NOT NULL,
	fetched_at TEXT NOT NULL,
	rows INTEGER NOT NULL,
	content_hash TEXT,
	origin TEXT,
	CONSTRAINT reference_fetches_pk PRIMARY KEY (name),
	CONSTRAINT reference_fetches_fetched_at_value CHECK (substr(fetched_at, 1, 19) IS datetime(substr(fetched_at, 1, 19), '+0 days') AND fetched_at > '0001-01-02' AND substr(fetched_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT reference_fetches_rows_value CHECK (rows BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "reference_fetches" VALUES('some name','2025-06-05 12:30:15.123456',1,'some content_hash','some origin');
CREATE TABLE "reference_refusals" (
	name TEXT NOT NULL,
	since TEXT NOT NULL,
	refused_at TEXT NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT reference_refusals_pk PRIMARY KEY (name),
	CONSTRAINT reference_refusals_since_value CHECK (substr(since, 1, 19) IS datetime(substr(since, 1, 19), '+0 days') AND since > '0001-01-02' AND substr(since, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT reference_refusals_refused_at_value CHECK (substr(refused_at, 1, 19) IS datetime(substr(refused_at, 1, 19), '+0 days') AND refused_at > '0001-01-02' AND substr(refused_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "reference_refusals" VALUES('some name','2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456','some reason');
CREATE TABLE "refused_answers" (
	settlement_date TEXT NOT NULL,
	refused_at TEXT NOT NULL,
	energy_stored REAL NOT NULL,
	energy_answered REAL NOT NULL,
	reason TEXT NOT NULL,
	CONSTRAINT refused_answers_pk PRIMARY KEY (settlement_date),
	CONSTRAINT refused_answers_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT refused_answers_refused_at_value CHECK (substr(refused_at, 1, 19) IS datetime(substr(refused_at, 1, 19), '+0 days') AND refused_at > '0001-01-02' AND substr(refused_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT refused_answers_energy_stored_value CHECK (abs(energy_stored) < 9e999),
	CONSTRAINT refused_answers_energy_answered_value CHECK (abs(energy_answered) < 9e999)
)
 STRICT
;
INSERT INTO "refused_answers" VALUES('2025-06-03','2025-06-05 12:30:15.123456',3.00000000000000044408e-01,3.00000000000000044408e-01,'some reason');
CREATE TABLE "request_pacing" (
	source TEXT NOT NULL,
	due INTEGER NOT NULL,
	CONSTRAINT request_pacing_pk PRIMARY KEY (source)
)
 STRICT
;
INSERT INTO "request_pacing" VALUES('some source',1099511627776);
CREATE TABLE "restatements" (
	settlement_date TEXT NOT NULL,
	restated_at TEXT NOT NULL,
	hash_before TEXT NOT NULL,
	hash_after TEXT NOT NULL,
	energy_before REAL NOT NULL,
	energy_after REAL NOT NULL,
	payment_before REAL NOT NULL,
	payment_after REAL NOT NULL,
	records_before INTEGER NOT NULL,
	records_after INTEGER NOT NULL,
	CONSTRAINT restatements_pk PRIMARY KEY (settlement_date, restated_at),
	CONSTRAINT restatements_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT restatements_restated_at_value CHECK (substr(restated_at, 1, 19) IS datetime(substr(restated_at, 1, 19), '+0 days') AND restated_at > '0001-01-02' AND substr(restated_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT restatements_energy_before_value CHECK (abs(energy_before) < 9e999),
	CONSTRAINT restatements_energy_after_value CHECK (abs(energy_after) < 9e999),
	CONSTRAINT restatements_payment_before_value CHECK (abs(payment_before) < 9e999),
	CONSTRAINT restatements_payment_after_value CHECK (abs(payment_after) < 9e999),
	CONSTRAINT restatements_records_before_value CHECK (records_before BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT restatements_records_after_value CHECK (records_after BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "restatements" VALUES('2025-06-03','2025-06-05 12:30:15.123456','some hash_before','some hash_after',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1,1);
CREATE TABLE "settlement_days" (
	settlement_date TEXT NOT NULL,
	periods INTEGER NOT NULL,
	fetched_at TEXT NOT NULL,
	vintage TEXT,
	content_hash TEXT NOT NULL,
	total_curtailed_energy REAL NOT NULL,
	system_flagged_energy REAL NOT NULL,
	undone_energy REAL NOT NULL,
	total_payment REAL NOT NULL,
	undone_payment REAL NOT NULL,
	curtailment_records INTEGER NOT NULL,
	farms INTEGER NOT NULL,
	periods_curtailed INTEGER NOT NULL,
	farm_periods INTEGER NOT NULL,
	uncounted_bid_mwh REAL,
	origin TEXT,
	CONSTRAINT settlement_days_pk PRIMARY KEY (settlement_date),
	CONSTRAINT settlement_days_periods CHECK (periods IN (46, 48, 50)),
	CONSTRAINT settlement_days_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT settlement_days_periods_value CHECK (periods BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_days_fetched_at_value CHECK (substr(fetched_at, 1, 19) IS datetime(substr(fetched_at, 1, 19), '+0 days') AND fetched_at > '0001-01-02' AND substr(fetched_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT settlement_days_vintage_value CHECK (substr(vintage, 1, 19) IS datetime(substr(vintage, 1, 19), '+0 days') AND vintage > '0001-01-02' AND substr(vintage, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT settlement_days_total_curtailed_energy_value CHECK (abs(total_curtailed_energy) < 9e999),
	CONSTRAINT settlement_days_system_flagged_energy_value CHECK (abs(system_flagged_energy) < 9e999),
	CONSTRAINT settlement_days_undone_energy_value CHECK (abs(undone_energy) < 9e999),
	CONSTRAINT settlement_days_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT settlement_days_undone_payment_value CHECK (abs(undone_payment) < 9e999),
	CONSTRAINT settlement_days_curtailment_records_value CHECK (curtailment_records BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_days_farms_value CHECK (farms BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_days_periods_curtailed_value CHECK (periods_curtailed BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_days_farm_periods_value CHECK (farm_periods BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_days_uncounted_bid_mwh_value CHECK (abs(uncounted_bid_mwh) < 9e999)
)
 STRICT
;
INSERT INTO "settlement_days" VALUES('2025-06-03',48,'2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456','some content_hash',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1,1,1,1,3.00000000000000044408e-01,'some origin');
CREATE TABLE "settlement_ledger" (
	settlement_date TEXT NOT NULL,
	settlement_period INTEGER NOT NULL,
	side TEXT NOT NULL,
	fetched_at TEXT NOT NULL,
	vintage TEXT,
	raw_rows INTEGER NOT NULL,
	wind_rows INTEGER NOT NULL,
	wind_mwh REAL NOT NULL,
	content_hash TEXT NOT NULL,
	confirmed_by TEXT NOT NULL,
	repeats_confirmed INTEGER,
	CONSTRAINT settlement_ledger_pk PRIMARY KEY (settlement_date, settlement_period, side),
	CONSTRAINT settlement_ledger_confirmed CHECK ((raw_rows > 0) = (confirmed_by = 'rows')),
	CONSTRAINT settlement_ledger_period CHECK (settlement_period BETWEEN 1 AND 50),
	CONSTRAINT settlement_ledger_rows CHECK (wind_rows BETWEEN 0 AND raw_rows),
	CONSTRAINT settlement_ledger_side CHECK (side IN ('bid', 'offer')),
	CONSTRAINT settlement_ledger_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT settlement_ledger_settlement_period_value CHECK (settlement_period BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_ledger_fetched_at_value CHECK (substr(fetched_at, 1, 19) IS datetime(substr(fetched_at, 1, 19), '+0 days') AND fetched_at > '0001-01-02' AND substr(fetched_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT settlement_ledger_vintage_value CHECK (substr(vintage, 1, 19) IS datetime(substr(vintage, 1, 19), '+0 days') AND vintage > '0001-01-02' AND substr(vintage, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT settlement_ledger_raw_rows_value CHECK (raw_rows BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_ledger_wind_rows_value CHECK (wind_rows BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT settlement_ledger_wind_mwh_value CHECK (abs(wind_mwh) < 9e999),
	CONSTRAINT settlement_ledger_repeats_confirmed_value CHECK (repeats_confirmed IN (0, 1))
)
 STRICT
;
INSERT INTO "settlement_ledger" VALUES('2025-06-03',1,'bid','2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456',1,1,3.00000000000000044408e-01,'some content_hash','rows',1);
CREATE TABLE "source_outages" (
	source TEXT NOT NULL,
	since TEXT NOT NULL,
	attempts INTEGER NOT NULL,
	next_attempt_at TEXT NOT NULL,
	last_error TEXT NOT NULL,
	CONSTRAINT source_outages_pk PRIMARY KEY (source),
	CONSTRAINT source_outages_since_value CHECK (substr(since, 1, 19) IS datetime(substr(since, 1, 19), '+0 days') AND since > '0001-01-02' AND substr(since, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT source_outages_attempts_value CHECK (attempts BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT source_outages_next_attempt_at_value CHECK (substr(next_attempt_at, 1, 19) IS datetime(substr(next_attempt_at, 1, 19), '+0 days') AND next_attempt_at > '0001-01-02' AND substr(next_attempt_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "source_outages" VALUES('some source','2025-06-05 12:30:15.123456',1,'2025-06-05 12:30:15.123456','some last_error');
CREATE TABLE "span_writes" (
	span TEXT NOT NULL,
	written_at TEXT NOT NULL,
	CONSTRAINT span_writes_pk PRIMARY KEY (span),
	CONSTRAINT span_writes_written_at_value CHECK (substr(written_at, 1, 19) IS datetime(substr(written_at, 1, 19), '+0 days') AND written_at > '0001-01-02' AND substr(written_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "span_writes" VALUES('some span','2025-06-05 12:30:15.123456');
CREATE TABLE "unknown_wind_units" (
	settlement_date TEXT NOT NULL,
	bm_unit_id TEXT NOT NULL,
	rows INTEGER NOT NULL,
	bid_mwh REAL NOT NULL,
	CONSTRAINT unknown_wind_units_pk PRIMARY KEY (settlement_date, bm_unit_id),
	CONSTRAINT unknown_wind_units_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT unknown_wind_units_rows_value CHECK (rows BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT unknown_wind_units_bid_mwh_value CHECK (abs(bid_mwh) < 9e999)
)
 STRICT
;
INSERT INTO "unknown_wind_units" VALUES('2025-06-03','some bm_unit_id',1,3.00000000000000044408e-01);
CREATE TABLE "verifications" (
	span TEXT NOT NULL,
	verified_at TEXT NOT NULL,
	CONSTRAINT verifications_pk PRIMARY KEY (span),
	CONSTRAINT verifications_verified_at_value CHECK (substr(verified_at, 1, 19) IS datetime(substr(verified_at, 1, 19), '+0 days') AND verified_at > '0001-01-02' AND substr(verified_at, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]')
)
 STRICT
;
INSERT INTO "verifications" VALUES('some span','2025-06-05 12:30:15.123456');
CREATE TABLE "wind_bm_units" (
	bm_unit_id TEXT NOT NULL,
	seen_from TEXT NOT NULL,
	seen_until TEXT NOT NULL,
	bm_unit_name TEXT,
	lead_party_name TEXT,
	generation_capacity REAL,
	source TEXT NOT NULL,
	is_current INTEGER NOT NULL,
	site TEXT,
	CONSTRAINT wind_bm_units_pk PRIMARY KEY (bm_unit_id, seen_from),
	CONSTRAINT wind_bm_units_seen_from_value CHECK (substr(seen_from, 1, 19) IS datetime(substr(seen_from, 1, 19), '+0 days') AND seen_from > '0001-01-02' AND substr(seen_from, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT wind_bm_units_seen_until_value CHECK (substr(seen_until, 1, 19) IS datetime(substr(seen_until, 1, 19), '+0 days') AND seen_until > '0001-01-02' AND substr(seen_until, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT wind_bm_units_generation_capacity_value CHECK (abs(generation_capacity) < 9e999),
	CONSTRAINT wind_bm_units_is_current_value CHECK (is_current IN (0, 1))
)
 STRICT
;
INSERT INTO "wind_bm_units" VALUES('some bm_unit_id','2025-06-05 12:30:15.123456','2025-06-05 12:30:15.123456','some bm_unit_name','some lead_party_name',3.00000000000000044408e-01,'some source',1,'some site');
CREATE TABLE "wind_generation" (
	settlement_date TEXT NOT NULL,
	settlement_period INTEGER NOT NULL,
	start_time TEXT NOT NULL,
	generated_energy REAL NOT NULL,
	CONSTRAINT wind_generation_pk PRIMARY KEY (settlement_date, settlement_period),
	CONSTRAINT wind_generation_energy CHECK (generated_energy >= 0),
	CONSTRAINT wind_generation_period CHECK (settlement_period BETWEEN 1 AND 50),
	CONSTRAINT wind_generation_settlement_date_value CHECK (settlement_date IS date(settlement_date, '+0 days') AND settlement_date > '0001'),
	CONSTRAINT wind_generation_settlement_period_value CHECK (settlement_period BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT wind_generation_start_time_value CHECK (substr(start_time, 1, 19) IS datetime(substr(start_time, 1, 19), '+0 days') AND start_time > '0001-01-02' AND substr(start_time, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'),
	CONSTRAINT wind_generation_generated_energy_value CHECK (abs(generated_energy) < 9e999)
)
 STRICT
;
INSERT INTO "wind_generation" VALUES('2025-06-03',1,'2025-06-05 12:30:15.123456',3.00000000000000044408e-01);
CREATE TABLE "yearly_summaries" (
	year TEXT NOT NULL,
	total_curtailed_energy REAL NOT NULL,
	system_flagged_energy REAL NOT NULL,
	undone_energy REAL NOT NULL,
	total_payment REAL NOT NULL,
	undone_payment REAL NOT NULL,
	curtailment_records INTEGER NOT NULL,
	farms INTEGER NOT NULL,
	periods_curtailed INTEGER NOT NULL,
	days_expected INTEGER NOT NULL,
	days_complete INTEGER NOT NULL,
	generated_energy REAL,
	curtailed_share REAL,
	days_with_generation INTEGER,
	CONSTRAINT yearly_summaries_pk PRIMARY KEY (year),
	CONSTRAINT yearly_summaries_total_curtailed_energy_value CHECK (abs(total_curtailed_energy) < 9e999),
	CONSTRAINT yearly_summaries_system_flagged_energy_value CHECK (abs(system_flagged_energy) < 9e999),
	CONSTRAINT yearly_summaries_undone_energy_value CHECK (abs(undone_energy) < 9e999),
	CONSTRAINT yearly_summaries_total_payment_value CHECK (abs(total_payment) < 9e999),
	CONSTRAINT yearly_summaries_undone_payment_value CHECK (abs(undone_payment) < 9e999),
	CONSTRAINT yearly_summaries_curtailment_records_value CHECK (curtailment_records BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT yearly_summaries_farms_value CHECK (farms BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT yearly_summaries_periods_curtailed_value CHECK (periods_curtailed BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT yearly_summaries_days_expected_value CHECK (days_expected BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT yearly_summaries_days_complete_value CHECK (days_complete BETWEEN -2147483648 AND 2147483647),
	CONSTRAINT yearly_summaries_generated_energy_value CHECK (abs(generated_energy) < 9e999),
	CONSTRAINT yearly_summaries_curtailed_share_value CHECK (abs(curtailed_share) < 9e999),
	CONSTRAINT yearly_summaries_days_with_generation_value CHECK (days_with_generation BETWEEN -2147483648 AND 2147483647)
)
 STRICT
;
INSERT INTO "yearly_summaries" VALUES('some year',3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,3.00000000000000044408e-01,1,1,1,1,1,3.00000000000000044408e-01,3.00000000000000044408e-01,1);
CREATE INDEX integrity_findings_settlement_date ON integrity_findings (settlement_date);
CREATE INDEX unknown_wind_units_bm_unit_id ON unknown_wind_units (bm_unit_id);
CREATE UNIQUE INDEX wind_bm_units_bm_unit_id ON wind_bm_units (bm_unit_id) WHERE is_current;
CREATE VIEW whole_days AS
        SELECT d.settlement_date,
            CASE WHEN d.fetched_at >= DATE(d.settlement_date, '+1 day') || ' 15:00:00.000000' THEN 'final' ELSE 'provisional' END AS state,
            d.periods, d.fetched_at, d.vintage
        FROM settlement_days AS d JOIN settlement_ledger AS l ON l.settlement_date = d.settlement_date
        WHERE NOT EXISTS (
            SELECT 1 FROM integrity_findings AS f
            WHERE f.settlement_date = d.settlement_date AND f.effect = 'damaged')
        GROUP BY d.settlement_date
        HAVING COUNT(*) = 2 * d.periods;
CREATE VIEW half_hourly_curtailment AS
        SELECT w.settlement_date, l.settlement_period, STRFTIME('%Y-%m-%d %H:%M:%S', l.settlement_date, ((l.settlement_period - 1) * 30 - CASE WHEN l.settlement_date > DATE(STRFTIME('%Y', l.settlement_date) || '-04-01', 'weekday 0', '-7 days') AND l.settlement_date <= DATE(STRFTIME('%Y', l.settlement_date) || '-11-01', 'weekday 0', '-7 days') THEN 60 ELSE 0 END) || ' minutes') || '.000000' AS start_time, ((l.settlement_period - 1) * 30 + CASE WHEN l.settlement_date = DATE(STRFTIME('%Y', l.settlement_date) || '-04-01', 'weekday 0', '-7 days') AND l.settlement_period > 2 THEN 60 WHEN l.settlement_date = DATE(STRFTIME('%Y', l.settlement_date) || '-11-01', 'weekday 0', '-7 days') AND l.settlement_period > 4 THEN -60 ELSE 0 END) / 60 AS local_hour, w.state,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN r.side = 'offer' THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) AS payment,
    SUM(CASE WHEN r.side = 'offer' THEN r.payment ELSE 0.0 END) AS undone_payment
        FROM whole_days AS w
            JOIN settlement_ledger AS l ON l.settlement_date = w.settlement_date AND l.side = 'bid'
            LEFT JOIN curtailment_records AS r
                ON r.settlement_date = l.settlement_date AND r.settlement_period = l.settlement_period
        GROUP BY w.settlement_date, l.settlement_date, l.settlement_period, w.state;
CREATE VIEW hourly_curtailment AS
        SELECT settlement_date, MIN(start_time) AS hour_start, MIN(local_hour) AS local_hour, state,
            SUM(curtailed_energy) AS curtailed_energy, SUM(system_flagged_energy) AS system_flagged_energy,
            SUM(undone_energy) AS undone_energy, SUM(payment) AS payment, SUM(undone_payment) AS undone_payment
        FROM half_hourly_curtailment
        GROUP BY settlement_date, (settlement_period - 1) / 2, state;
CREATE VIEW monthly_by_miner_model AS
        SELECT b.year_month, b.miner_model,
            CASE WHEN b.days_complete < b.days_expected THEN 'incomplete'
                WHEN COALESCE(f.days, 0) < b.days_expected THEN 'provisional' ELSE 'final' END AS state,
            b.days_expected, b.days_complete, COALESCE(f.days, 0) AS days_final,
            b.curtailed_energy, b.bitcoin_mined, b.bitcoin_value, b.total_payment, b.value_ratio, b.days_priced
        FROM bitcoin_monthly_summaries AS b LEFT JOIN (
            SELECT SUBSTR(w.settlement_date, 1, 7) AS year_month, COUNT(*) AS days
            FROM whole_days AS w WHERE w.state = 'final' GROUP BY SUBSTR(w.settlement_date, 1, 7)
        ) AS f ON f.year_month = b.year_month;
CREATE VIEW daily_by_farm AS
        SELECT w.settlement_date, w.state, r.farm_id, MAX(u.bm_unit_name) AS bm_unit_name, MAX(u.site) AS site,
            MAX(r.lead_party_name) AS lead_party_name,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN r.side = 'offer' THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) AS payment,
    SUM(CASE WHEN r.side = 'offer' THEN r.payment ELSE 0.0 END) AS undone_payment,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) / NULLIF(SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END), 0)
        AS average_price,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN 1 ELSE 0 END) AS curtailment_records,
    COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.settlement_period END) AS periods_curtailed
    FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
    LEFT JOIN wind_bm_units AS u ON u.bm_unit_id = r.farm_id AND u.is_current
    WHERE r.volume <> 0
        GROUP BY w.settlement_date, w.state, r.farm_id;
CREATE VIEW daily_by_site AS
        SELECT w.settlement_date, w.state, COALESCE(u.site, r.farm_id) AS site, COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.farm_id END) AS farms,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN r.side = 'offer' THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) AS payment,
    SUM(CASE WHEN r.side = 'offer' THEN r.payment ELSE 0.0 END) AS undone_payment,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) / NULLIF(SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END), 0)
        AS average_price,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN 1 ELSE 0 END) AS curtailment_records,
    COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.settlement_period END) AS periods_curtailed
    FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
    LEFT JOIN wind_bm_units AS u ON u.bm_unit_id = r.farm_id AND u.is_current
    WHERE r.volume <> 0
        GROUP BY w.settlement_date, w.state, COALESCE(u.site, r.farm_id);
CREATE VIEW daily_by_lead_party AS
        SELECT w.settlement_date, w.state, r.lead_party_name, COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.farm_id END) AS farms,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN r.side = 'offer' THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) AS payment,
    SUM(CASE WHEN r.side = 'offer' THEN r.payment ELSE 0.0 END) AS undone_payment,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) / NULLIF(SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END), 0)
        AS average_price,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN 1 ELSE 0 END) AS curtailment_records,
    COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.settlement_period END) AS periods_curtailed
    FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
    LEFT JOIN wind_bm_units AS u ON u.bm_unit_id = r.farm_id AND u.is_current
    WHERE r.volume <> 0
        GROUP BY w.settlement_date, w.state, r.lead_party_name;
COMMIT;
