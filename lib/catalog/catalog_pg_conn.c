/* catalog_pg_conn.c - the connection to PostgreSQL: nothing on it waits longer than a call may.
 *
 * libpq is used without its blocking calls. Everything goes through its pipeline mode: the
 * commands of a transaction are sent together and answered together, which costs one round trip
 * and leaves no transaction open on the server should this process stop in between.
 *
 * A connection that fails is closed, and the next call makes a new one. A call whose answer did
 * not come in time closes it too; the server ends what it was doing by statement_timeout. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/catalog/catalog_pg.h"

enum { MAX_COMMANDS = 8, AGAIN_LIMIT = 20 };

void catalog_pg_start(struct catalog_pg *pg)
{
    pg->deadline_ms = clock_mono_ms() + pg->timeout_ms;
}

void catalog_pg_disconnect(struct catalog_pg *pg)
{
    PQfinish(pg->conn);
    pg->conn = NULL;
    pg->in_transaction = false;
}

/* The first line of libpq's message, without its end. */
static int lost(struct catalog_pg *pg, const char *doing, struct err *err)
{
    const char *why = pg->conn ? PQerrorMessage(pg->conn) : "";
    size_t size = strcspn(why, "\n");

    err_set(err, ERR_UNAVAILABLE, "%s: %.*s", doing, size > 180 ? 180 : (int)size,
            size ? why : "the connection was closed");
    catalog_pg_disconnect(pg);
    return ERR_UNAVAILABLE;
}

/* Waits until the socket is ready for events. */
static int wait_socket(struct catalog_pg *pg, short events, struct err *err)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = events};
    int64_t left;
    int n;

    do {
        left = pg->deadline_ms - clock_mono_ms();
        n = left > 0 ? poll(&fd, 1, (int)left) : 0;
    } while (n < 0 && errno == EINTR);
    if (n > 0)
        return 0;
    if (n < 0)
        return lost(pg, "waiting for PostgreSQL", err);
    catalog_pg_disconnect(pg);
    return err_set(err, ERR_TIMEOUT, "PostgreSQL did not answer within %d ms", pg->timeout_ms);
}

/* What the server remarks on is nobody's business here. */
static void ignore_notice(void *ctx, const PGresult *result)
{
    (void)ctx, (void)result;
}

static PGconn *begin_connection(const struct catalog_pg *pg)
{
    const char *const names[] = {"dbname", "client_encoding", "fallback_application_name",
                                 "keepalives_idle", NULL};
    const char *const values[] = {pg->url, "UTF8", "emotion-gardens", "30", NULL};

    return PQconnectStartParams(names, values, 1);
}

/* Every statement here walks along a primary key. Told so, the planner does not choose another
 * way when a table has grown since its statistics were made, nor compile what takes a
 * millisecond. Servers that have other planners may refuse this. */
static void hint_planner(struct catalog_pg *pg)
{
    static const char *const hints[] = {"SET jit = off", "SET enable_seqscan = off",
                                        "SET enable_bitmapscan = off"};

    for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++) {
        struct err err = {0};

        (void)catalog_pg_command(pg, hints[i], &err);
    }
}

static int set_session(struct catalog_pg *pg, struct err *err)
{
    int limit_ms = pg->timeout_ms - pg->timeout_ms / 5; /* so that its answer comes in time */
    char statement[64], lock[64];
    const struct catalog_pg_command commands[] = {
        {.text = statement},
        {.text = lock},
        {.text = pg->base.read_only ? "SET default_transaction_read_only = on"
                                    : "SET default_transaction_read_only = off"}};
    int r;

    (void)snprintf(statement, sizeof statement, "SET statement_timeout = %d", limit_ms);
    (void)snprintf(lock, sizeof lock, "SET lock_timeout = %d", limit_ms);
    r = catalog_pg_exec(pg, commands, sizeof(commands) / sizeof(*commands), err);
    if (r >= 0)
        hint_planner(pg);
    return r;
}

static int make_connection(struct catalog_pg *pg, struct err *err)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;

    pg->conn = begin_connection(pg);
    if (!pg->conn)
        return err_set_nomem(err, "a connection to PostgreSQL");
    (void)PQsetNoticeReceiver(pg->conn, ignore_notice, NULL);
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return lost(pg, "connecting to PostgreSQL", err);
    while (state != PGRES_POLLING_OK) {
        int r = wait_socket(pg, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, err);

        if (r < 0) {
            err->code = ERR_UNAVAILABLE; /* it is known that nothing was done */
            return err->code;
        }
        state = PQconnectPoll(pg->conn);
        if (state == PGRES_POLLING_FAILED)
            return lost(pg, "connecting to PostgreSQL", err);
    }
    if (PQsetnonblocking(pg->conn, 1) < 0 || !PQenterPipelineMode(pg->conn))
        return lost(pg, "connecting to PostgreSQL", err);
    return set_session(pg, err);
}

/* True where the server has closed an idle connection, as when it was restarted. */
static bool is_stale(struct catalog_pg *pg)
{
    struct pollfd fd = {.fd = PQsocket(pg->conn), .events = POLLIN};

    if (poll(&fd, 1, 0) <= 0)
        return false;
    return !PQconsumeInput(pg->conn) || PQstatus(pg->conn) != CONNECTION_OK;
}

int catalog_pg_connect(struct catalog_pg *pg, struct err *err)
{
    int r;

    if (pg->conn && is_stale(pg))
        catalog_pg_disconnect(pg);
    if (pg->conn)
        return 0;
    r = make_connection(pg, err);
    return r < 0 ? r : 0;
}

static int send_command(struct catalog_pg *pg, const struct catalog_pg_command *command)
{
    const char *values[CATALOG_PG_PARAMS] = {0};
    int lengths[CATALOG_PG_PARAMS] = {0}, formats[CATALOG_PG_PARAMS] = {0};
    Oid types[CATALOG_PG_PARAMS] = {0};
    char digits[CATALOG_PG_PARAMS][24];

    for (size_t i = 0; i < command->param_count; i++) {
        const struct catalog_value *param = &command->params[i];

        if (command->types)
            types[i] = command->types[i];
        if (param->type == CATALOG_INT) {
            (void)snprintf(digits[i], sizeof digits[i], "%lld", (long long)param->number);
            values[i] = digits[i];
        } else if (param->type != CATALOG_NULL) {
            values[i] = param->bytes;
            lengths[i] = (int)param->size;
            formats[i] = param->type == CATALOG_BLOB;
        }
    }
    return PQsendQueryParams(pg->conn, command->text, (int)command->param_count, types, values,
                             lengths, formats, 1);
}

/* Sends what is buffered; reads meanwhile, as the server may be sending too. */
static int flush(struct catalog_pg *pg, struct err *err)
{
    int left;

    while ((left = PQflush(pg->conn)) > 0) {
        int r = wait_socket(pg, POLLIN | POLLOUT, err);

        if (r < 0)
            return r;
        if (!PQconsumeInput(pg->conn))
            return lost(pg, "using PostgreSQL", err);
    }
    return left < 0 ? lost(pg, "using PostgreSQL", err) : 0;
}

/* *ret_result is NULL at the end of a command's results. */
static int next_result(struct catalog_pg *pg, PGresult **ret_result, struct err *err)
{
    while (PQisBusy(pg->conn)) {
        int r = wait_socket(pg, POLLIN, err);

        if (r < 0)
            return r;
        if (!PQconsumeInput(pg->conn))
            return lost(pg, "using PostgreSQL", err);
    }
    *ret_result = PQgetResult(pg->conn);
    return 0;
}

/* The first two characters of a SQLSTATE are its class. */
static int code_of(const char *state)
{
    static const struct {
        const char *prefix;
        int code;
    } codes[] = {{"40", ERR_UNAVAILABLE},    /* serialization failure, deadlock */
                 {"08", ERR_UNAVAILABLE},    /* connection */
                 {"57", ERR_UNAVAILABLE},    /* shut down, cancelled by statement_timeout */
                 {"55P03", ERR_UNAVAILABLE}, /* lock_timeout */
                 {"53100", ERR_IO},          /* disk full */
                 {"53", ERR_UNAVAILABLE},    /* too many connections, no memory */
                 {"25006", ERR_DENIED},      /* a read-only server or session */
                 {"42501", ERR_DENIED},
                 {"42P01", ERR_UNAVAILABLE}, /* no such table: the schema is being rebuilt */
                 {"22", ERR_INVALID}};

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
        if (text_starts_with(state, codes[i].prefix))
            return codes[i].code;
    return ERR_REMOTE;
}

static int refused(struct catalog_pg *pg, const PGresult *result, size_t index, struct err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    (void)snprintf(pg->state, sizeof pg->state, "%s", state ? state : "");
    pg->failed = (int)index;
    return err_set(err, code_of(pg->state), "using PostgreSQL: %.180s (%s)",
                   why ? why : "the connection was closed", pg->state);
}

/* Reads the results of command number index; the last is kept in *ret_kept. */
static int collect(struct catalog_pg *pg, size_t index, PGresult **ret_kept, struct err *err)
{
    PGresult *result;
    int r;

    while ((r = next_result(pg, &result, err)) == 0 && result) {
        switch (PQresultStatus(result)) {
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
            PQclear(*ret_kept);
            *ret_kept = result;
            continue;
        case PGRES_PIPELINE_ABORTED: /* because of one before, whose reason is known */
            break;
        default:
            if (!err->code)
                (void)refused(pg, result, index, err);
            break;
        }
        PQclear(result);
    }
    return r;
}

/* Reads up to the end of the pipeline, which comes however its commands fared. */
static int collect_sync(struct catalog_pg *pg, struct err *err)
{
    PGresult *result = NULL;
    int r = next_result(pg, &result, err);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    if (r < 0)
        return r;
    return status == PGRES_PIPELINE_SYNC ? 0 : lost(pg, "using PostgreSQL", err);
}

static int64_t big_endian(const char *bytes, int size)
{
    uint64_t number = (signed char)*bytes < 0 ? UINT64_MAX : 0;

    for (int i = 0; i < size; i++)
        number = number << 8 | (unsigned char)bytes[i];
    return (int64_t)number;
}

static struct catalog_value column(const PGresult *result, int row, int i)
{
    enum { OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23 };
    const char *bytes = PQgetvalue(result, row, i);
    int size = PQgetlength(result, row, i);
    Oid type = PQftype(result, i);

    if (PQgetisnull(result, row, i))
        return (struct catalog_value){.type = CATALOG_NULL};
    if (type == OID_INT2 || type == OID_INT4 || type == OID_INT8)
        return catalog_int(big_endian(bytes, size));
    return (struct catalog_value){.type = type == OID_BYTEA ? CATALOG_BLOB : CATALOG_TEXT,
                                  .bytes = bytes,
                                  .size = (size_t)size};
}

static int deliver(const struct catalog_pg_command *command, const PGresult *result,
                   struct err *err)
{
    struct catalog_value row[CATALOG_PG_PARAMS];
    int rows = PQntuples(result), columns = PQnfields(result), r = 0;

    for (int i = 0; i < rows && r >= 0; i++) {
        for (int j = 0; j < columns; j++)
            row[j] = column(result, i, j);
        r = command->fn(command->ctx, row, err);
    }
    return r < 0 ? r : rows;
}

static int changed_rows(const PGresult *result)
{
    int64_t rows = 0;
    struct err none = {0};

    /* "" after a command that has no such count */
    (void)text_parse_int(PQcmdTuples((PGresult *)result), 0, INT32_MAX, &rows, &none);
    return (int)rows;
}

static int send_all(struct catalog_pg *pg, const struct catalog_pg_command *commands,
                    size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!send_command(pg, &commands[i]))
            return lost(pg, "using PostgreSQL", err);
    if (!PQpipelineSync(pg->conn))
        return lost(pg, "using PostgreSQL", err);
    return flush(pg, err);
}

int catalog_pg_exec(struct catalog_pg *pg, const struct catalog_pg_command *commands,
                    size_t count, struct err *err)
{
    PGresult *results[MAX_COMMANDS] = {0};
    int r, rows = 0;

    pg->state[0] = '\0';
    pg->failed = -1;
    if (!pg->conn)
        return err_set(err, ERR_UNAVAILABLE, "the connection to PostgreSQL was lost");
    r = send_all(pg, commands, count, err);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = collect(pg, i, &results[i], err);
    if (r == 0)
        r = collect_sync(pg, err);
    if (r == 0 && pg->failed >= 0)
        r = err->code;
    for (size_t i = 0; i < count; i++) {
        if (r >= 0 && results[i] && commands[i].fn)
            r = rows = deliver(&commands[i], results[i], err);
        else if (r >= 0 && results[i] && *PQcmdTuples(results[i]))
            rows = changed_rows(results[i]);
        PQclear(results[i]);
    }
    if (pg->conn && PQstatus(pg->conn) != CONNECTION_OK)
        catalog_pg_disconnect(pg);
    return r < 0 ? r : rows;
}

int catalog_pg_command(struct catalog_pg *pg, const char *text, struct err *err)
{
    const struct catalog_pg_command command = {.text = text};

    return catalog_pg_exec(pg, &command, 1, err);
}

void catalog_pg_rollback(struct catalog_pg *pg)
{
    int64_t deadline_ms = pg->deadline_ms;
    struct err err = {0};

    pg->in_transaction = false;
    if (!pg->conn || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        return;
    catalog_pg_start(pg); /* what failed may have used its time up */
    if (catalog_pg_command(pg, "ROLLBACK", &err) < 0)
        catalog_pg_disconnect(pg); /* which ends the transaction for certain */
    pg->deadline_ms = deadline_ms;
}

bool catalog_pg_again(struct catalog_pg *pg, int tries, struct err *err)
{
    if (pg->in_transaction || !pg->conn || tries >= AGAIN_LIMIT ||
        clock_mono_ms() >= pg->deadline_ms)
        return false;
    if (strcmp(pg->state, "40001") != 0 && strcmp(pg->state, "40P01") != 0)
        return false;
    err_clear(err);
    (void)usleep((useconds_t)(1000 + (getpid() + tries * 7919) % 4000));
    return true;
}
