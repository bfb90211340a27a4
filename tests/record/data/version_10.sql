-- A record as schema version 10 left it. Released schemas do not change: never edit, add the next file.
CREATE TABLE attempts (
        decision TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, model TEXT NOT NULL,
        upstream_model TEXT NOT NULL, status TEXT NOT NULL, first_content_s REAL, total_s REAL,
        reported_model TEXT, input_tokens INTEGER, output_tokens INTEGER, cached_input_tokens INTEGER,
        reasoning_tokens INTEGER, cost_usd REAL, http_status INTEGER, error_code TEXT, error_text TEXT, part TEXT,
        PRIMARY KEY (decision, n)
    ) WITHOUT ROWID;
INSERT INTO "attempts" VALUES('DECISION-ID',0,1777636800123456,'small','small-upstream','ok',0.25,1.5,'small-upstream',10,20,4,0,0.000123,200,NULL,NULL,NULL);
CREATE TABLE configs (hash TEXT PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE decisions (
        id TEXT PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL, request TEXT NOT NULL,
        session TEXT NOT NULL, key TEXT NOT NULL, user TEXT, mode TEXT, pin TEXT, pattern TEXT NOT NULL,
        model TEXT, stream INTEGER NOT NULL, degraded INTEGER NOT NULL, reason TEXT NOT NULL
    , policy TEXT NOT NULL DEFAULT 'config') WITHOUT ROWID;
INSERT INTO "decisions" VALUES('DECISION-ID','r0',1777636801123456,'req-1','s-1','team',NULL,'balanced',NULL,'single','small',1,0,'small is good enough at a third of the price','config');
CREATE TABLE details (decision TEXT PRIMARY KEY, body BLOB NOT NULL, features BLOB, prompt TEXT);
INSERT INTO "details" VALUES('DECISION-ID',X'01783F70F11891CD96CB6E84300C457F05CD9A89F2C0797C4E514755540A55C32CF9F7B976DB4C099BAAB369841022566CCCB937D937B6BCA182135A1E8D7503F910133FF03F70CDE84F43FCD269DFB9AEBCE6096938521F63E5AD36838D14EEF720D1A61D3D522A24E759BF1FA137AAA9C3216C1FE43DA2D053E6132E0227161B11AC2AF182CC985FB862EFD3102339AF894C0A96131FB2FCA3CF25EBA24EF52E6D64F20AE4EC94EDD60C20E0731F705848C976EF4B9E31070FFBC6F5A0A035CF6CF17573E046DD374F32585598112F5E96CF4DF4A0B9729DCB65C53A02D27E0BB7DA86B336B8D45FF5A815F87E408EBA52FD34A2C81FD21CAF79420BCE866B178DBAE02881574AAD5AB1C82F042B6C3DACD9F6780632EB016B999E59D6AD75C044CA65DBB61B54ED1484',NULL,NULL);
CREATE TABLE drift (
        fingerprint TEXT NOT NULL, stream TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (fingerprint, stream)
    ) WITHOUT ROWID;
CREATE TABLE held (
        run TEXT NOT NULL, name TEXT NOT NULL, holder TEXT NOT NULL, amount INTEGER NOT NULL,
        PRIMARY KEY (run, name, holder)
    ) WITHOUT ROWID;
CREATE TABLE incidents (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, at INTEGER NOT NULL, last INTEGER NOT NULL,
        n INTEGER NOT NULL, policy TEXT NOT NULL, text TEXT NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL UNIQUE, scope BLOB NOT NULL,
        created INTEGER NOT NULL, expires INTEGER, revoked INTEGER
    ) WITHOUT ROWID;
CREATE TABLE lineage (
        id TEXT PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, model TEXT NOT NULL, fingerprint TEXT NOT NULL,
        successor TEXT, body BLOB NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE old_scores (
        fingerprint TEXT NOT NULL, item TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
        prompt TEXT NOT NULL, score REAL NOT NULL, weight REAL NOT NULL, output_tokens INTEGER, seconds REAL,
        at INTEGER NOT NULL, generation INTEGER NOT NULL, until INTEGER NOT NULL
    , features BLOB, by TEXT NOT NULL DEFAULT '');
CREATE TABLE outcomes (
        decision TEXT PRIMARY KEY, at INTEGER NOT NULL, request TEXT NOT NULL, status TEXT NOT NULL, model TEXT,
        cost_usd REAL, total_s REAL, notices TEXT, baseline_usd REAL
    ) WITHOUT ROWID;
INSERT INTO "outcomes" VALUES('DECISION-ID',1777636802123456,'req-1','ok','small',0.000123,1.75,'[["sunset","small serves until 2027-01-01."]]',NULL);
CREATE TABLE policies (
        id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, parent TEXT NOT NULL,
        settings TEXT NOT NULL, artifact TEXT, scores INTEGER
    ) WITHOUT ROWID;
INSERT INTO "policies" VALUES('p-1','calm',1777636805000000,'config','{"dial":0.4}',NULL,0);
INSERT INTO "policies" VALUES('p-2','config in domain',1777636807000000,'config','{"in_domain":"always"}',NULL,NULL);
CREATE TABLE policy_events (
        n INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, policy TEXT NOT NULL, by TEXT NOT NULL,
        why TEXT NOT NULL, live TEXT NOT NULL, held INTEGER, canary TEXT, share REAL NOT NULL, left_at INTEGER,
        verdict TEXT
    , caller TEXT);
INSERT INTO "policy_events" VALUES(1,1777636806000000,'promoted','p-1','operator','no worse','p-1',NULL,NULL,0.0,0,'{"verdict":"no worse"}',NULL);
INSERT INTO "policy_events" VALUES(2,1777636807000000,'promoted','p-2','domain guard','they are alike','p-2',NULL,NULL,0.0,1,NULL,'anonymous');
CREATE TABLE runs (
        id TEXT PRIMARY KEY, pid INTEGER NOT NULL, process TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER
    );
CREATE TABLE scores (
        fingerprint TEXT NOT NULL, item TEXT NOT NULL, model TEXT NOT NULL, kind TEXT NOT NULL,
        prompt TEXT NOT NULL, score REAL NOT NULL, weight REAL NOT NULL, output_tokens INTEGER, seconds REAL,
        at INTEGER NOT NULL, generation INTEGER NOT NULL DEFAULT 0, features BLOB, by TEXT NOT NULL DEFAULT '', PRIMARY KEY (fingerprint, item)
    );
INSERT INTO "scores" VALUES('f-small','q-1','small','arithmetic','What is 2 + 2?',1.0,1.0,3,0.4,1777636802123456,0,NULL,'');
INSERT INTO "scores" VALUES('f-small','DECISION-ID','small','measured','',1.0,1.0,NULL,NULL,1777636804123456,0,X'00','team/');
CREATE TABLE "sessions" (
        key TEXT NOT NULL, session TEXT NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key, session)
    );
INSERT INTO "sessions" VALUES('team','s-1',X'7B226D6F64656C223A22736D616C6C227D',1777636802);
CREATE TABLE settings (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
INSERT INTO "settings" VALUES('pepper','e5d23e804fb8104e8d6617a6636533c44d887eed37475c5c87b6aaaed741f05e');
INSERT INTO "settings" VALUES('salt','abababababababababababababababababababababababababababababababab');
INSERT INTO "settings" VALUES('scores_generation',0);
INSERT INTO "settings" VALUES('scores_purged',-1);
CREATE TABLE signals (
        decision TEXT NOT NULL, kind TEXT NOT NULL, value TEXT, by TEXT NOT NULL, at INTEGER NOT NULL, joined INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (decision, kind, by)
    ) WITHOUT ROWID;
INSERT INTO "signals" VALUES('DECISION-ID','correct:unit_test','true','team',1777636803123456,1);
INSERT INTO "signals" VALUES('DECISION-ID','retry_deeper','big','team',1767268800500000,0);
CREATE TABLE "spending" (
        name TEXT NOT NULL, holder TEXT NOT NULL, bucket INTEGER NOT NULL, run TEXT NOT NULL, amount INTEGER NOT NULL,
        PRIMARY KEY (name, holder, bucket, run)
    ) WITHOUT ROWID;
INSERT INTO "spending" VALUES('deep','team',1777593600000000,'',7);
CREATE TABLE texts (
        decision TEXT PRIMARY KEY, messages BLOB NOT NULL, answer BLOB
    ) WITHOUT ROWID;
CREATE INDEX decisions_at ON decisions (at);
CREATE INDEX decisions_user ON decisions (user) WHERE user IS NOT NULL;
CREATE INDEX outcomes_at ON outcomes (at);
CREATE INDEX old_scores_fingerprint ON old_scores (fingerprint);
CREATE INDEX incidents_at ON incidents (at);
CREATE INDEX scores_item ON scores (item) WHERE features IS NOT NULL;
CREATE INDEX old_scores_item ON old_scores (item) WHERE features IS NOT NULL;
CREATE INDEX signals_pending ON signals (at) WHERE joined = 0;
CREATE INDEX sessions_at ON sessions (at);
