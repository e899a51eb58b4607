/* catalog_sql.c - the statements that both databases run as they are, and the values that go
 * in and come out. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/catalog/catalog_internal.h"

static const char *const sql_text[CATALOG_SQL_SELECT] = {
    [CATALOG_SQL_HEAD] = "SELECT version, live FROM catalog_heads "
                         "WHERE area = $1 AND search_key = $2",
    [CATALOG_SQL_HEADS] = "SELECT area, search_key, version, live FROM catalog_heads "
                          "ORDER BY area, search_key",
    [CATALOG_SQL_FAVORITE] = "SELECT search_key FROM catalog_heads "
                             "WHERE area = $1 AND favorite = $2 ORDER BY search_key",
    [CATALOG_SQL_OFFSET] = "SELECT next_offset FROM catalog_offsets "
                           "WHERE consumer = $1 AND topic = $2 AND part = $3",
    [CATALOG_SQL_OFFSETS] = "SELECT consumer, topic, part, next_offset FROM catalog_offsets "
                            "ORDER BY consumer, topic, part",
    [CATALOG_SQL_OUTBOX] = "SELECT id, next_offset, events FROM catalog_outbox "
                           "WHERE topic = $1 AND part = $2 AND id > $3 ORDER BY id LIMIT $4",
    [CATALOG_SQL_OUTBOX_DONE] = "DELETE FROM catalog_outbox "
                                "WHERE topic = $1 AND part = $2 AND next_offset <= $3",
    [CATALOG_SQL_CLAIM] =
        "INSERT INTO catalog_claims (claim_key, fingerprint, claimed_ms) VALUES ($1, $2, $3) "
        "ON CONFLICT (claim_key) DO UPDATE SET fingerprint = excluded.fingerprint, "
        "claimed_ms = excluded.claimed_ms, status = NULL, answer = NULL "
        "WHERE catalog_claims.claimed_ms <= $4 OR (catalog_claims.status IS NULL "
        "AND catalog_claims.claimed_ms <= $5 "
        "AND catalog_claims.fingerprint = excluded.fingerprint)",
    [CATALOG_SQL_CLAIM_READ] = "SELECT fingerprint, status, answer FROM catalog_claims "
                               "WHERE claim_key = $1",
    [CATALOG_SQL_CLAIM_FINISH] = "UPDATE catalog_claims SET status = $1, answer = $2 "
                                 "WHERE claim_key = $3 AND status IS NULL",
    [CATALOG_SQL_CLAIM_DROP] = "DELETE FROM catalog_claims "
                               "WHERE claim_key = $1 AND status IS NULL",
    [CATALOG_SQL_CLAIM_EXPIRE] = "DELETE FROM catalog_claims WHERE claimed_ms <= $1",
    [CATALOG_SQL_SCHEMA] = "SELECT version FROM catalog_schema",
    [CATALOG_SQL_OUTBOX_ADD] = "INSERT INTO catalog_outbox (topic, part, next_offset, events) "
                               "VALUES ($1, $2, $3, $4)",
};

const char *catalog_sql_text(int sql)
{
    return sql_text[sql];
}

struct catalog_value catalog_int(int64_t number)
{
    return (struct catalog_value){.type = CATALOG_INT, .number = number};
}

struct catalog_value catalog_text(const char *text)
{
    return (struct catalog_value){.type = CATALOG_TEXT, .bytes = text, .size = strlen(text)};
}

struct catalog_value catalog_blob(const void *bytes, size_t size)
{
    /* an empty blob is not NULL, for which a NULL pointer would be taken */
    return (struct catalog_value){
        .type = CATALOG_BLOB, .bytes = size ? bytes : "", .size = size};
}

const char *catalog_value_text(const struct catalog_value *value)
{
    return value->type == CATALOG_TEXT ? value->bytes : "";
}

size_t catalog_digest(const char *hex, unsigned char ret_digest[CATALOG_DIGEST])
{
    if (!*hex)
        return 0;
    for (size_t i = 0; i < CATALOG_DIGEST; i++)
        ret_digest[i] = (unsigned char)((unsigned)text_hex_digit(hex[2 * i]) << 4 |
                                        (unsigned)text_hex_digit(hex[2 * i + 1]));
    return CATALOG_DIGEST;
}

void catalog_item_from_row(const struct catalog_value *row, struct catalog_item *ret_item)
{
    const struct catalog_value *digest = &row[CATALOG_COL_SHA256];

    ret_item->state = (enum catalog_state)row[CATALOG_COL_STATE].number;
    ret_item->orientation = *catalog_value_text(&row[CATALOG_COL_ORIENTATION]);
    ret_item->width = (uint32_t)row[CATALOG_COL_WIDTH].number;
    ret_item->height = (uint32_t)row[CATALOG_COL_HEIGHT].number;
    ret_item->size_bytes = (uint64_t)row[CATALOG_COL_SIZE].number;
    ret_item->sha256[0] = '\0';
    if (digest->type == CATALOG_BLOB && digest->size == CATALOG_DIGEST)
        text_hex(digest->bytes, digest->size, ret_item->sha256);
    ret_item->event_time_ms = row[CATALOG_COL_TIME].number;
    if (text_copy(ret_item->sequencer, sizeof ret_item->sequencer,
                  catalog_value_text(&row[CATALOG_COL_SEQUENCER])) < 0)
        ret_item->sequencer[0] = '\0';
    ret_item->control = NULL;
}

int catalog_schema_check(int64_t version, const char *where, struct err *err)
{
    if (version > CATALOG_SCHEMA)
        return err_set(err, ERR_INVALID,
                       "the catalogue %s has schema version %lld, newer than the %d of this "
                       "program; update the program",
                       where, (long long)version, CATALOG_SCHEMA);
    return 0;
}

int64_t catalog_first_version(void)
{
    return clock_wall_ms() / 1000 << 20;
}

int catalog_offset_conflict(const struct catalog_offset *offset, struct err *err)
{
    return err_set(
        err, ERR_CONFLICT,
        "the offset of %.60s in %.60s/%d is no longer %lld: another process owns the "
        "partition now",
        offset->group, offset->topic, (int)offset->partition, (long long)offset->expected);
}
