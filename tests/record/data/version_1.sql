-- A record as schema version 1 left it. Released schemas do not change: never edit, add the next file.
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE runs (
        id TEXT PRIMARY KEY, pid INTEGER NOT NULL, process TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER
    );
CREATE TABLE decisions (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL, request TEXT NOT NULL,
        session TEXT NOT NULL, key TEXT NOT NULL, user TEXT, mode TEXT, pin TEXT, pattern TEXT NOT NULL,
        model TEXT, stream INTEGER NOT NULL, degraded INTEGER NOT NULL, reason TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX decisions_user ON decisions (user) WHERE user IS NOT NULL;
CREATE TABLE details (decision TEXT PRIMARY KEY, body TEXT NOT NULL, features BLOB, prompt TEXT);
CREATE TABLE outcomes (
        decision TEXT PRIMARY KEY, at INTEGER NOT NULL, request TEXT NOT NULL, status TEXT NOT NULL, model TEXT,
        cost_usd REAL, total_s REAL, notices TEXT, baseline_usd REAL
    ) WITHOUT ROWID;
CREATE INDEX outcomes_at ON outcomes (at);
CREATE TABLE attempts (
        decision TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, model TEXT NOT NULL,
        upstream_model TEXT NOT NULL, status TEXT NOT NULL, first_content_s REAL, total_s REAL,
        reported_model TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_input_tokens INTEGER,
        reasoning_tokens INTEGER, cost_usd REAL, http_status INTEGER, error_code TEXT, error_text TEXT,
        PRIMARY KEY (decision, n)
    ) WITHOUT ROWID;
INSERT INTO settings VALUES ('salt', 'abababababababababababababababababababababababababababababababab');
INSERT INTO decisions VALUES ('DECISION-ID', 'r0', 1777636801123456, 'req-1', 's-1', 'team', NULL, 'balanced', NULL, 'single', 'small', 1, 0, 'small is good enough at a third of the price');
INSERT INTO details VALUES ('DECISION-ID', '{"ranking":[["small",0.81234567891234,0.03333333333333333,"48 probes, 3 skills",0.0003333333333333333,0.000014285714285714287,0.0011111111111111111,123.456,0.06666666666666667,1.3333333333333333,0.6666666666666666,1.0,"the best answer for its price"],["big",0.6694885360551972,0.03333333333333333,"48 probes, 3 skills",0.0003333333333333333,0.000014285714285714287,0.0011111111111111111,123.456,0.06666666666666667,1.3333333333333333,0.5238095238095237,0.0,"costs 3.2 times more for 2 points of quality"]],"excluded":[["tiny","window","its window of 512 tokens is too short"]],"notices":[["sunset","small serves until 2027-01-01."]],"goal":{"mode":"balanced","dial":0.5,"max_cost_usd":0.1,"max_first_token_s":null,"min_quality":null},"config_hash":"0123456789ab","artifact":"builtin-1","seed":3735928559,"decide_s":0.00123,"allow_fallback":true,"baseline":"big","facts":{"model":"auto","n_messages":1,"needs":["json","tools"],"wishes":{"dial":0.0,"ban":["old"],"allow_fallback":false}}}', NULL, NULL);
INSERT INTO outcomes VALUES ('DECISION-ID', 1777636802123456, 'req-1', 'ok', 'small', 0.000123, 1.75, '[["sunset","small serves until 2027-01-01."]]', NULL);
INSERT INTO attempts VALUES ('DECISION-ID', 0, 1777636800123456, 'small', 'small-upstream', 'ok', 0.25, 1.5, 'small-upstream', 10, 20, 4, 0, 0.000123, 200, NULL, NULL);
