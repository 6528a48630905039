/*
 * apps/sim/commands/coverage_file.c - counts of situations and pairs in the state file of a swarm.
 */
#include "apps/sim/commands/swarm_state.h"

#include "net/json/json.h"

#include <string.h>

enum { COUNT_LEN = 4, ROW_LEN_MAX = ASSAY_SIM_PAIRED_MAX * 2 * COUNT_LEN };

/* --- out */
struct assay_json *sim_coverage_situations_json(const struct assay_sim_coverage *coverage)
{
    struct assay_sim_situations table;
    struct assay_json *const object = assay_json_object();
    assay_sim_situations_list(&table);
    for (uint32_t i = 0; i < table.count; i++) {
        struct assay_json *const counts = assay_json_set_array(object, table.items[i].name);
        assay_json_append_uint(counts, coverage->drawn[i]);
        assay_json_append_uint(counts, coverage->happened[i]);
    }
    return object;
}

static void put_u32(uint8_t out[COUNT_LEN], uint32_t value)
{
    for (int i = 0; i < COUNT_LEN; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint32_t get_u32(const uint8_t in[COUNT_LEN])
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

struct assay_json *sim_coverage_pairs_json(const struct assay_sim_coverage *coverage)
{
    struct assay_sim_situations table;
    struct assay_json *const object = assay_json_object();
    uint8_t row[ROW_LEN_MAX];
    assay_sim_situations_list(&table);
    for (uint32_t b = 1; b < table.paired; b++) {
        for (uint32_t a = 0; a < b; a++) {
            const uint32_t pair = assay_sim_pair_index(a, b);
            put_u32(row + (size_t)a * 2 * COUNT_LEN, coverage->pairs_drawn[pair]);
            put_u32(row + (size_t)a * 2 * COUNT_LEN + COUNT_LEN, coverage->pairs_happened[pair]);
        }
        assay_json_set_hex(object, table.items[b].name, row, (size_t)b * 2 * COUNT_LEN);
    }
    return object;
}

/* --- in */
static bool get_situation(const struct assay_json *situations, const char *name, uint64_t done,
                          uint64_t *drawn, uint64_t *happened)
{
    const struct assay_json *const counts = assay_json_get(situations, name);
    int64_t a = 0, b = 0;
    if (assay_json_kind_of(counts) != ASSAY_JSON_ARRAY || assay_json_count(counts) != 2)
        return false;
    if (!assay_json_as_int(assay_json_at(counts, 0), &a) ||
        !assay_json_as_int(assay_json_at(counts, 1), &b))
        return false;
    if (b < 0 || b > a || (uint64_t)a > done) return false;
    *drawn = (uint64_t)a;
    *happened = (uint64_t)b;
    return true;
}

static bool get_row(const struct assay_json *pairs, const struct assay_sim_situations *table,
                    uint32_t b, struct assay_sim_coverage *c)
{
    uint8_t row[ROW_LEN_MAX];
    const size_t len = (size_t)b * 2 * COUNT_LEN;
    const char *const hex = assay_json_text(pairs, table->items[b].name, "");
    if (assay_hex_decode(hex, strlen(hex), row, len) != ASSAY_OK) return false;
    for (uint32_t a = 0; a < b; a++) {
        const uint32_t pair = assay_sim_pair_index(a, b);
        const uint32_t drawn = get_u32(row + (size_t)a * 2 * COUNT_LEN);
        const uint32_t happened = get_u32(row + (size_t)a * 2 * COUNT_LEN + COUNT_LEN);
        if (drawn > c->drawn[a] || drawn > c->drawn[b] || happened > drawn) return false;
        if (happened > c->happened[a] || happened > c->happened[b]) return false;
        c->pairs_drawn[pair] = drawn;
        c->pairs_happened[pair] = happened;
    }
    return true;
}

bool sim_coverage_get(const struct assay_json *situations, const struct assay_json *pairs,
                      uint64_t done, struct assay_sim_coverage *coverage)
{
    struct assay_sim_situations table;
    assay_sim_situations_list(&table);
    if (assay_json_size(situations) != table.count || assay_json_size(pairs) != table.paired - 1)
        return false;
    for (uint32_t i = 0; i < table.count; i++)
        if (!get_situation(situations, table.items[i].name, done, &coverage->drawn[i],
                           &coverage->happened[i]))
            return false;
    for (uint32_t b = 1; b < table.paired; b++)
        if (!get_row(pairs, &table, b, coverage)) return false;
    return true;
}
