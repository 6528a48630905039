/*
 * tests/unit/quote/eventlog/test_tamper.c - property tests of tampered random logs: no covered bit
 * can be flipped, no event omitted, duplicated or moved.
 *
 * Which bytes those are is counted here by hand; registers are replayed by
 * tests/support/eventlog_reference.c.
 */
#include "quote/eventlog/appraise.h"
#include "quote/kinds.h"
#include "tests/support/depth.h"
#include "tests/support/eventlog_reference.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { LOGS = 2, ROUNDS = 24, EVENTS_MAX = 14, NO_ACTION = 3, IMA_REG = 10, BANKS_MAX = 2 };

static struct made_log logs[LOGS]; /* firmware, IMA */
static bool covered[LOGS][LOG_MAX];
static size_t starts[LOGS][EVENTS_MAX + 1]; /* of each event; then the end */
static size_t event_count[LOGS];
static struct assay_quoted quoted;
static uint8_t values[ASSAY_QUOTED_MAX][ASSAY_MEASUREMENT_MAX];
static uint16_t banks[BANKS_MAX];
static size_t bank_count;
static uint32_t quoted_regs; /* bits */
static struct assay_verdict verdict;
static struct assay_eventlog_report report;
static uint64_t state;

static uint32_t draw(uint32_t below) /* splitmix64 */
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ z >> 31) % below);
}

static bool is_quoted(uint32_t reg)
{
    return reg < 32 && (quoted_regs >> reg & 1) != 0;
}

static bool is_bank(uint16_t alg)
{
    for (size_t i = 0; i < bank_count; i++)
        if (banks[i] == alg) return true;
    return false;
}

/* --- making */
static void note_event(size_t log)
{
    starts[log][event_count[log]++] = logs[log].len;
}

static void make_firmware(void)
{
    static const uint16_t algs[] = { 4, 11, 12, 13 };
    static const uint32_t types[] = { 4, 13, 0x80000001u, 0x80000003u, 0x80000008u };
    uint16_t chosen[LOG_ALGS_MAX];
    size_t count = 0;
    bank_count = 0;
    for (size_t i = 0; i < 4; i++) {
        const bool last = i == 3 && bank_count == 0; /* one at least that is replayed */
        if (!last && draw(2) == 0) continue;
        chosen[count++] = algs[i];
        if (algs[i] != 4 && bank_count < BANKS_MAX) banks[bank_count++] = algs[i];
    }
    logs[0] = log_tcg(chosen, count);
    const bool has_locality = draw(2) == 0;
    if (has_locality) {
        note_event(0);
        log_locality(&logs[0], 3);
    }
    const size_t more = 3 + draw(6);
    for (size_t i = 0; i < more; i++) {
        char data[64];
        const int len = snprintf(data, sizeof data, "event %zu of %u", i, draw(1000));
        note_event(0);
        const uint32_t reg = i == 0 ? 0 : draw(6);
        const bool acts = i == 0 || draw(8) != 0;
        log_event(&logs[0], reg, acts ? types[draw(5)] : (uint32_t)NO_ACTION, data, (size_t)len);
    }
    starts[0][event_count[0]] = logs[0].len;
}

static void make_ima(void)
{
    static const size_t lengths[] = { 20, 32, 48, 64 };
    logs[1] = log_ima(lengths[draw(4)], draw(2) == 0);
    const size_t count = 2 + draw(5);
    for (size_t i = 0; i < count; i++) {
        char name[32], content[64];
        (void)snprintf(name, sizeof name, "/usr/bin/%u", draw(1000));
        (void)snprintf(content, sizeof content, "content %zu of %u", i, draw(1000));
        note_event(1);
        const uint32_t kind = i == 0 ? 0 : draw(4); /* the first tells how the list is read */
        if (kind <= 1)
            log_file(&logs[1], IMA_REG, kind == 0 ? "ima-ng" : "ima-sig", name, content);
        else if (kind == 2) log_violation(&logs[1], IMA_REG, name);
        else log_legacy(&logs[1], IMA_REG, name);
    }
    starts[1][event_count[1]] = logs[1].len;
}

static void quote(size_t ima_events)
{
    quoted = (struct assay_quoted){ .forms = 1 << ASSAY_EVENTLOG_TCG | 1 << ASSAY_EVENTLOG_IMA,
                                    .first_field = ASSAY_REFERENCE_PCR0,
                                    .reg_count = ASSAY_EVENT_REGISTERS };
    for (size_t b = 0; b < bank_count; b++)
        for (uint32_t reg = 0; reg < ASSAY_EVENT_REGISTERS; reg++) {
            if (!is_quoted(reg)) continue;
            uint8_t *const value = values[quoted.count];
            const size_t len = reg == IMA_REG
                                   ? reference_replay(&logs[1], reg, banks[b], ima_events, value)
                                   : reference_replay(&logs[0], reg, banks[b], 99, value);
            quoted.registers[quoted.count++] = (struct assay_quoted_register){
                reg, banks[b], assay_slice_over(value, len)
            };
        }
}

/* --- which bytes the registers cover */
static uint32_t u32_at(const struct made_log *log, size_t at)
{
    const uint8_t *const b = log->bytes + at;
    if (log->big_endian)
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static void cover(size_t log, size_t from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        covered[log][from + i] = true;
}

/* The register that it extends, and its digests of the quoted banks; a locality, in PCR 0. */
static void cover_firmware(size_t at)
{
    const struct made_log *const log = &logs[0];
    const uint32_t reg = u32_at(log, at);
    const bool acts = u32_at(log, at + 4) != NO_ACTION;
    if (!is_quoted(reg)) return;
    if (acts) cover(0, at, 4);
    at += 12;
    for (size_t i = 0; i < log->alg_count; i++) {
        const uint16_t alg = log->algs[i];
        const size_t len = alg == 4 ? 20 : alg == 11 ? 32 : alg == 12 ? 48 : 64;
        if (acts && is_bank(alg)) cover(0, at + 2, len);
        at += 2 + len;
    }
    const bool is_locality = !acts && reg == 0 && u32_at(log, at) == 17 &&
                             assay_bytes_equal(log->bytes + at + 4, "StartupLocality", 16);
    if (is_locality) cover(0, at + 4, 17);
}

/* The register, and all of the template data. The digest but for SHA-1, which nobody here computes:
 * zeros of it say violation. A violation extends ones: nothing is said of its data. */
static void cover_ima(size_t at, size_t end)
{
    const struct made_log *const log = &logs[1];
    const size_t hash = log->template_hash;
    bool violation = true;
    for (size_t i = 0; i < hash; i++)
        violation = violation && log->bytes[at + 4 + i] == 0;
    cover(1, at, 4);
    if (violation || hash != 20) cover(1, at + 4, hash);
    at += 4 + hash;
    const size_t name_len = u32_at(log, at);
    at += 4 + name_len;
    if (!violation) cover(1, at, end - at); /* and the length of the data */
}

static void make(uint64_t seed)
{
    state = seed;
    memset(event_count, 0, sizeof event_count);
    memset(covered, 0, sizeof covered);
    make_firmware();
    make_ima();
    quoted_regs = 1u << 0 | draw(1u << 6) | 1u << IMA_REG;
    quote(event_count[1]);
    for (size_t i = 0; i < event_count[0]; i++)
        cover_firmware(starts[0][i]);
    for (size_t i = 0; i < event_count[1]; i++)
        cover_ima(starts[1][i], starts[1][i + 1]);
}

/* --- judging: without evidence around the registers */
static void give_quoted(const struct assay_kind *kind, struct assay_slice evidence,
                        struct assay_quoted *out)
{
    (void)kind;
    (void)evidence;
    *out = quoted;
}

/* Is a register proven by its events? A log without any of them leaves it unproven, which is
 * refused where the policy asks for it alone: others extend registers, too (evidence-rules.md
 * 6.8). */
static bool is_proven(uint32_t reg)
{
    for (size_t i = 0; i < report.register_count; i++) {
        const struct assay_register_outcome *const r = &report.registers[i];
        if (r->name != assay_quoted_name(&quoted, reg) || r->events == 0) continue;
        if (r->state == ASSAY_REGISTER_MATCHES) return true;
    }
    return false;
}

/* Returns: true when the logs are refused. */
static bool is_refused(struct assay_slice first, struct assay_slice last)
{
    static struct assay_policy policy;
    const struct assay_slice given[LOGS] = { first, last };
    const struct assay_kind row = { .kind = ASSAY_KIND_TPM, .registers = give_quoted };
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .policy = &policy,
                                                    .logs = given,
                                                    .log_count = LOGS,
                                                    .log_report = &report };
    assay_policy_default(&policy);
    assay_eventlog_report_init(&report);
    assay_verdict_init(&verdict, ASSAY_KIND_TPM, 0);
    assay_eventlog_appraise(&row, &request, &verdict);
    return assay_verdict_has_class(&verdict, ASSAY_RULE_REFUSED);
}

static bool are_refused(void)
{
    return is_refused(assay_slice_over(logs[0].bytes, logs[0].len),
                      assay_slice_over(logs[1].bytes, logs[1].len));
}

/* Of the event that a byte belongs to; 0 of what stands before the first. */
static uint32_t register_at(size_t log, size_t at)
{
    uint32_t reg = 0;
    for (size_t i = 0; i < event_count[log] && starts[log][i] <= at; i++)
        reg = u32_at(&logs[log], starts[log][i]);
    return reg;
}

static void expect_sound(uint64_t seed)
{
    make(seed);
    cr_assert_not(are_refused(), "seed %d: %s", (int)seed,
                  assay_rule_name(verdict.reasons[0].rule));
    cr_assert_eq(verdict.reason_count, 0);
    for (size_t i = 0; i < report.register_count; i++)
        cr_assert(report.registers[i].state == ASSAY_REGISTER_MATCHES ||
                      report.registers[i].state == ASSAY_REGISTER_NOT_QUOTED,
                  "seed %d: %s", (int)seed, report.registers[i].name);
}

Test(quote_eventlog_tamper, no_bit_that_a_register_covers_can_be_turned)
{
    size_t turned = 0, let_pass = 0;
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
        expect_sound(seed);
        for (size_t log = 0; log < LOGS; log++)
            for (size_t at = 0; at < logs[log].len; at += test_every(5))
                for (unsigned bit = 0; bit < 8; bit++) {
                    const uint32_t reg = register_at(log, at);
                    logs[log].bytes[at] ^= (uint8_t)(1u << bit);
                    const bool refused = are_refused() || !is_proven(reg);
                    logs[log].bytes[at] ^= (uint8_t)(1u << bit);
                    turned += covered[log][at];
                    let_pass += !covered[log][at] && !refused;
                    cr_expect(refused || !covered[log][at], "seed %d, log %zu, byte %zu, bit %u",
                              (int)seed, log, at, bit);
                }
    }
    /* The test itself is about something: most of what it turned is covered, and not all. */
    cr_expect_gt(turned, 50000 / test_every(5));
    cr_expect_gt(let_pass, 1000 / test_every(5));
}

/* --- whole events: the log without one, with it twice, or with it moved to the end */
static void append(struct made_log *to, const struct made_log *from, size_t start, size_t end)
{
    log_put(to, from->bytes + start, end - start);
}

static struct made_log rebuild(size_t log, size_t event, unsigned deed)
{
    const struct made_log *const from = &logs[log];
    const size_t start = starts[log][event], end = starts[log][event + 1];
    struct made_log out = { 0 };
    append(&out, from, 0, deed == 1 ? end : start);
    if (deed == 1) append(&out, from, start, end);
    append(&out, from, end, from->len);
    if (deed == 2) append(&out, from, start, end);
    return out;
}

static bool covers_event(size_t log, size_t event)
{
    for (size_t at = starts[log][event]; at < starts[log][event + 1]; at++)
        if (covered[log][at]) return true;
    return false;
}

/* Does an event of the same register come behind it? Else moving it to the end changes nothing. */
static bool is_followed(size_t log, size_t event)
{
    const uint32_t reg = u32_at(&logs[log], starts[log][event]);
    for (size_t i = event + 1; i < event_count[log]; i++)
        if (covers_event(log, i) && u32_at(&logs[log], starts[log][i]) == reg) return true;
    return false;
}

/* A violation extends ones: to the register they are all the same, whatever they say. */
static bool is_violation(size_t log, size_t event)
{
    if (log == 0) return false;
    for (size_t i = 0; i < logs[1].template_hash; i++)
        if (logs[1].bytes[starts[1][event] + 4 + i] != 0) return false;
    return true;
}

/* Given twice, the end of a list of IMA becomes what it may be later. */
static bool is_later(size_t log, size_t event, unsigned deed)
{
    if (log == 0 || deed != 1) return false;
    if (event + 1 == event_count[log]) return true;
    for (size_t i = event; i < event_count[log]; i++)
        if (!is_violation(log, i)) return false;
    return true;
}

Test(quote_eventlog_tamper, no_event_can_be_left_out_given_twice_or_moved)
{
    size_t tried = 0;
    for (uint64_t seed = 1000; seed < 1000 + 20 * ROUNDS; seed++) {
        expect_sound(seed);
        for (size_t log = 0; log < LOGS; log++)
            for (size_t event = 0; event < event_count[log]; event++)
                for (unsigned deed = 0; deed < 3; deed++) {
                    if (!covers_event(log, event)) continue;
                    if (deed == 2 && (!is_followed(log, event) || is_violation(log, event)))
                        continue;
                    const struct made_log other = rebuild(log, event, deed);
                    const struct assay_slice changed = assay_slice_over(other.bytes, other.len);
                    const struct assay_slice kept =
                        assay_slice_over(logs[1 - log].bytes, logs[1 - log].len);
                    const uint32_t reg = register_at(log, starts[log][event]);
                    const bool refused =
                        log == 0 ? is_refused(changed, kept) : is_refused(kept, changed);
                    const bool later = is_later(log, event, deed);
                    cr_expect((refused || !is_proven(reg)) != later,
                              "seed %d, log %zu, event %zu, deed %u", (int)seed, log, event, deed);
                    tried += 1;
                }
    }
    cr_expect_gt(tried, 5000);
}

/* IMA measures on after the quote; what it had measured until then is proven, and no less. */
Test(quote_eventlog_tamper, of_a_list_of_ima_the_beginning_that_was_quoted_counts)
{
    for (uint64_t seed = 3000; seed < 3000 + 10 * ROUNDS; seed++) {
        expect_sound(seed);
        for (size_t count = 0; count <= event_count[1]; count++) {
            quote(count);
            cr_expect_eq(are_refused(), count == 0, "seed %d, %zu entries", (int)seed, count);
            if (count == 0) continue;
            cr_expect_eq(report.logs[1].events, event_count[1]);
            cr_expect_eq(report.logs[1].later, event_count[1] - count);
            cr_expect_eq(report.logs[1].extending, count);
            cr_expect_eq(report.logs[1].proven, count);
        }
        if (bank_count < 2 || event_count[1] < 2) continue;
        /* Each bank at another entry is no moment of any machine. */
        quote(event_count[1]);
        for (size_t i = 0; i < quoted.count; i++)
            if (quoted.registers[i].reg == IMA_REG && quoted.registers[i].alg == banks[1])
                (void)reference_replay(&logs[1], IMA_REG, banks[1], event_count[1] - 1, values[i]);
        cr_expect(are_refused(), "seed %d, two banks", (int)seed);
    }
}

/* What is quoted decides, in each bank by itself. */
Test(quote_eventlog_tamper, no_bit_of_a_quoted_register_can_be_turned)
{
    for (uint64_t seed = 5000; seed < 5000 + ROUNDS; seed++) {
        expect_sound(seed);
        for (size_t i = 0; i < quoted.count; i++) {
            const uint32_t reg = quoted.registers[i].reg;
            bool is_extended = false;
            for (size_t k = 0; k < report.register_count; k++)
                is_extended = is_extended || (report.registers[k].events > 0 &&
                                              report.registers[k].name ==
                                                  assay_quoted_name(&quoted, reg));
            const uint32_t bit = draw((uint32_t)quoted.registers[i].value.len * 8);
            values[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_expect_eq(are_refused(), is_extended, "seed %d, %s", (int)seed,
                         assay_quoted_name(&quoted, reg));
            values[i][bit / 8] ^= (uint8_t)(1u << bit % 8);
            cr_assert_not(are_refused());
        }
    }
}
