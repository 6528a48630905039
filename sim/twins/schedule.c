/*
 * sim/twins/schedule.c - text format of schedules.
 *
 *     n4:t2:w1,1,1,1:b64:p1:s0:01201-00112-00000
 *
 * nodes, slots with two copies, weights, blocks of an epoch, phases, seed, rows; before the rows
 * "r" and one more for messages about the first range, where the rest of that range burns.
 */
#include "sim/twins/twins_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "0123456789abcdef";

/* --- formatting */

struct text {
    char *at;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int written = vsnprintf(t->at + t->len, ASSAY_TWINS_TEXT_MAX - t->len, format, arguments);
    va_end(arguments);
    ASSAY_ASSERT(written >= 0 && (size_t)written < ASSAY_TWINS_TEXT_MAX - t->len);
    t->len += (size_t)written;
}

/* The group of each machine. Returns: false when the row is no partition. */
static bool groups_of(const uint16_t *receives, uint32_t machines, uint8_t *group_of)
{
    uint8_t groups = 0;
    for (uint32_t i = 0; i < machines; i++) {
        uint32_t first = 0;
        while (first < machines && (receives[i] >> first & 1) == 0)
            first++;
        if (first == machines || (receives[i] >> i & 1) == 0 || receives[i] != receives[first])
            return false;
        group_of[i] = first == i ? groups++ : group_of[first];
    }
    return true;
}

static void put_row(struct text *t, const uint16_t *receives, uint32_t machines)
{
    uint8_t group_of[ASSAY_TWINS_MACHINES_MAX];
    const bool partition = groups_of(receives, machines, group_of);
    if (!partition) put(t, "x");
    for (uint32_t i = 0; i < machines; i++) {
        if (partition) put(t, "%c", digits[group_of[i]]);
        else put(t, "%s%x", i > 0 ? "." : "", (unsigned)receives[i]);
    }
}

void assay_twins_print(const struct assay_twins_schedule *s, char text[static ASSAY_TWINS_TEXT_MAX])
{
    struct text t = { .at = text };
    put(&t, "n%u:t", (unsigned)s->nodes);
    for (uint32_t i = 0; i < s->twins; i++)
        put(&t, "%s%u", i > 0 ? "," : "", (unsigned)s->twin_of[i]);
    put(&t, ":w");
    for (uint32_t i = 0; i < s->nodes; i++)
        put(&t, "%s%u", i > 0 ? "," : "", (unsigned)s->weights[i]);
    put(&t, ":b%u:p%u:s%" PRIu64 ":", (unsigned)s->epoch_blocks, (unsigned)s->phases, s->seed);
    if (s->burns) {
        put(&t, "r");
        put_row(&t, s->range_receives, s->nodes + s->twins);
        put(&t, ":");
    }
    for (uint32_t row = 0; row < s->views * s->phases; row++) {
        if (row > 0) put(&t, "-");
        put_row(&t, s->receives[row], s->nodes + s->twins);
    }
}

/* --- parsing */

struct reader {
    const char *start, *at;
    char *message;
};

__attribute__((format(printf, 3, 4))) static enum assay_status complain(const struct reader *r,
                                                                        enum assay_status status,
                                                                        const char *format, ...)
{
    char expected[ASSAY_SIM_MESSAGE_MAX / 2];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    (void)snprintf(r->message, ASSAY_SIM_MESSAGE_MAX,
                   "schedule, character %u: expected %s, found \"%.12s\"",
                   (unsigned)(r->at - r->start) + 1, expected, r->at);
    return status;
}

static enum assay_status expect_character(struct reader *r, char c)
{
    if (*r->at != c) return complain(r, ASSAY_E_SYNTAX, "\"%c\"", c);
    r->at++;
    return ASSAY_OK;
}

static enum assay_status read_number(struct reader *r, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = r->at;
    for (; *at >= '0' && *at <= '9'; at++) {
        const uint64_t next = (uint64_t)(*at - '0');
        if (next > max || value > (max - next) / 10)
            return complain(r, ASSAY_E_RANGE, "at most %" PRIu64, max);
        value = 10 * value + next;
    }
    if (at == r->at || value < min)
        return complain(r, ASSAY_E_RANGE, "a number from %" PRIu64 " to %" PRIu64, min, max);
    r->at = at;
    *out = value;
    return ASSAY_OK;
}

static enum assay_status read_twins(struct reader *r, struct assay_twins_schedule *s)
{
    do {
        uint64_t slot = 0;
        if (s->twins > 0) r->at++; /* the comma */
        if (s->twins == ASSAY_TWINS_TWINS_MAX)
            return complain(r, ASSAY_E_RANGE, "at most %d twins", ASSAY_TWINS_TWINS_MAX);
        ASSAY_TRY(read_number(r, 0, s->nodes - 1, &slot));
        if (s->twins > 0 && slot <= s->twin_of[s->twins - 1])
            return complain(r, ASSAY_E_RANGE, "the twins' slots in ascending order");
        s->twin_of[s->twins++] = (uint16_t)slot;
    } while (*r->at == ',');
    return ASSAY_OK;
}

static enum assay_status read_weights(struct reader *r, struct assay_twins_schedule *s)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < s->nodes; i++) {
        uint64_t weight = 0;
        if (i > 0) ASSAY_TRY(expect_character(r, ','));
        ASSAY_TRY(read_number(r, 0, 10000, &weight));
        s->weights[i] = (uint32_t)weight;
        total += weight;
    }
    return total > 0 ? ASSAY_OK : complain(r, ASSAY_E_RANGE, "a weight above 0 before here");
}

static uint32_t digit_value(char c)
{
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    return found == NULL ? UINT32_MAX : (uint32_t)(found - digits);
}

static enum assay_status read_masks(struct reader *r, uint32_t machines, uint16_t *receives)
{
    for (uint32_t i = 0; i < machines; i++) {
        uint32_t mask = 0;
        if (i > 0) ASSAY_TRY(expect_character(r, '.'));
        if (digit_value(*r->at) == UINT32_MAX)
            return complain(r, ASSAY_E_SYNTAX, "a hexadecimal digit");
        for (; digit_value(*r->at) != UINT32_MAX && mask < 1u << machines; r->at++)
            mask = mask << 4 | digit_value(*r->at);
        if (mask >= 1u << machines)
            return complain(r, ASSAY_E_RANGE, "bits of %u machines before here", machines);
        receives[i] = (uint16_t)mask;
    }
    return ASSAY_OK;
}

static enum assay_status read_partition(struct reader *r, uint32_t machines, uint16_t *receives)
{
    uint32_t group_of[ASSAY_TWINS_MACHINES_MAX];
    for (uint32_t i = 0; i < machines; i++, r->at++) {
        group_of[i] = digit_value(*r->at);
        if (group_of[i] >= machines)
            return complain(r, ASSAY_E_SYNTAX, "the group of machine %u of %u", i, machines);
    }
    assay_twins_row(group_of, machines, receives);
    return ASSAY_OK;
}

static enum assay_status read_row(struct reader *r, uint32_t machines, uint16_t *receives)
{
    if (*r->at != 'x') return read_partition(r, machines, receives);
    r->at++;
    return read_masks(r, machines, receives);
}

static enum assay_status read_rows(struct reader *r, struct assay_twins_schedule *s)
{
    const uint32_t machines = s->nodes + s->twins;
    uint32_t rows = 0;
    do {
        if (rows > 0) r->at++; /* the dash */
        if (rows == ASSAY_TWINS_VIEWS_MAX * s->phases)
            return complain(r, ASSAY_E_RANGE, "at most %d views", ASSAY_TWINS_VIEWS_MAX);
        ASSAY_TRY(read_row(r, machines, s->receives[rows]));
        rows++;
    } while (*r->at == '-');
    if (*r->at != '\0') return complain(r, ASSAY_E_SYNTAX, "\"-\" and another row, or the end");
    if (rows % s->phases != 0)
        return complain(r, ASSAY_E_SYNTAX, "\"-\" and the row of the view's second phase");
    s->views = rows / s->phases;
    return ASSAY_OK;
}

enum assay_status assay_twins_parse(const char *text, struct assay_twins_schedule *schedule,
                                    char message[static ASSAY_SIM_MESSAGE_MAX])
{
    struct reader r = { .start = text, .at = text, .message = message };
    struct assay_twins_schedule s = { 0 };
    uint64_t nodes = 0;
    uint64_t blocks = 0;
    uint64_t phases = 0;
    ASSAY_TRY(expect_character(&r, 'n'));
    ASSAY_TRY(read_number(&r, 1, ASSAY_TWINS_NODES_MAX, &nodes));
    s.nodes = (uint32_t)nodes;
    ASSAY_TRY(expect_character(&r, ':'));
    ASSAY_TRY(expect_character(&r, 't'));
    ASSAY_TRY(read_twins(&r, &s));
    ASSAY_TRY(expect_character(&r, ':'));
    ASSAY_TRY(expect_character(&r, 'w'));
    ASSAY_TRY(read_weights(&r, &s));
    ASSAY_TRY(expect_character(&r, ':'));
    ASSAY_TRY(expect_character(&r, 'b'));
    ASSAY_TRY(read_number(&r, 1, 1000, &blocks));
    ASSAY_TRY(expect_character(&r, ':'));
    ASSAY_TRY(expect_character(&r, 'p'));
    ASSAY_TRY(read_number(&r, 1, 2, &phases));
    ASSAY_TRY(expect_character(&r, ':'));
    ASSAY_TRY(expect_character(&r, 's'));
    ASSAY_TRY(read_number(&r, 0, UINT64_MAX, &s.seed));
    ASSAY_TRY(expect_character(&r, ':'));
    s.epoch_blocks = (uint32_t)blocks;
    s.phases = (uint32_t)phases;
    if (*r.at == 'r') {
        r.at++;
        s.burns = true;
        ASSAY_TRY(read_row(&r, s.nodes + s.twins, s.range_receives));
        ASSAY_TRY(expect_character(&r, ':'));
    }
    ASSAY_TRY(read_rows(&r, &s));
    *schedule = s;
    return ASSAY_OK;
}

void assay_twins_row(const uint32_t *group_of, uint32_t machines, uint16_t *receives)
{
    for (uint32_t from = 0; from < machines; from++) {
        receives[from] = 0;
        for (uint32_t to = 0; to < machines; to++)
            if (group_of[from] == group_of[to])
                receives[from] = (uint16_t)(receives[from] | 1u << to);
    }
}
