/*
 * apps/assay/proofs/audit.c - `assay audit verify` and `assay audit replay`: verification of a
 * store from its first block, without a daemon (engine/audit/audit.h).
 */
#include "engine/audit/audit.h"
#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/proofs/audit_ledger.h"
#include "apps/assay/proofs/audit_orders.h"
#include "apps/sim/commands/progress.h"
#include "base/system_clock.h"
#include "net/timeline/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCORE_LEN_MAX = ASSAY_HISTORY_ROW_MAX + 32 }; /* of an hour's row */

struct audit_options {
    const char *verb, *store, *genesis, *checkpoint;
    uint64_t from_epoch;
    bool unsigned_, table, json;
};

struct audit_run {
    const struct audit_options *options;
    struct cli_audit_ledger ledger;
    struct assay_sim_progress progress;
    bool begun;           /* the first epoch was closed: the ones before are not part of it */
    uint64_t scores;      /* history rows that were compared */
    bool wrong_score;     /* one differs */
    uint64_t epoch, slot; /* where */
    const char *field;
    uint64_t expected, found;
};

static double now_s(void)
{
    return (double)assay_monotonic_us() / 1e6;
}

/* ------------------------------------------------------------ after each epoch */

static void print_table(const struct assay_state *state)
{
    static const char *const standings[] = { "FULL", "WARNING", "RESTRICTED", "SUSPENDED" };
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        (void)printf("%llu\t%u\t%s\t%u\t%u\t%u\t%u\n", (unsigned long long)state->epoch,
                     (unsigned)i, standings[m->trust.score.standing],
                     (unsigned)assay_trust_score_bp(&m->trust), (unsigned)m->trust.integrity_bp,
                     (unsigned)m->trust.availability_bp, (unsigned)m->weight);
    }
}

/* A history row differs from the chain. */
static bool report_difference(struct audit_run *run, const char *field, uint64_t expected,
                              uint64_t found)
{
    if (expected == found) return false;
    run->wrong_score = true;
    run->field = field;
    run->expected = expected;
    run->found = found;
    return true;
}

/* What the row of this member must be. Rows of before their version have fewer fields. */
static bool compare_row(struct audit_run *run, const struct assay_state *state, uint32_t slot,
                        const struct assay_history_row *row)
{
    const struct assay_member *m = &state->members[slot];
    const struct assay_member_snapshot of = { .trust = m->trust, .stage = m->stage };
    return !(
        report_difference(run, "score", assay_trust_score_bp(&m->trust), row->score_bp) ||
        report_difference(run, "integrity", m->trust.integrity_bp, row->integrity_bp) ||
        report_difference(run, "availability", m->trust.availability_bp, row->availability_bp) ||
        report_difference(run, "standing", m->trust.score.standing, row->standing) ||
        report_difference(run, "weight", m->weight, row->weight) ||
        report_difference(run, "incarnation", m->lives[0].incarnation, row->incarnation) ||
        report_difference(run, "positive weight", m->found.pass_weight, row->positive_bp) ||
        report_difference(run, "negative weight", m->found.negative_weight, row->negative_bp) ||
        report_difference(run, "electorate", m->found.electorate_weight, row->electorate_bp) ||
        report_difference(run, "reason", (uint64_t)m->found.integrity_reason, row->reason) ||
        report_difference(run, "certified", state->certified, row->certified) ||
        (row->version >= 2 &&
         (report_difference(run, "unjudged weight", m->found.unjudged_weight, row->unjudged_bp) ||
          report_difference(run, "least score", m->found.lo_bp, row->lo_bp) ||
          report_difference(run, "greatest score", m->found.hi_bp, row->hi_bp) ||
          report_difference(run, "rule of availability", (uint64_t)m->found.availability_rule,
                            row->availability_rule))) ||
        (row->version >= 3 &&
         report_difference(run, "orders", assay_history_orders(&of), row->orders)));
}

/* Out: *len, 0 where there is none: history is kept of what was watched alone. */
static void read_score(struct audit_run *run, const struct assay_store_key *key,
                       uint8_t bytes[static SCORE_LEN_MAX], size_t *len)
{
    if (assay_store_get(run->ledger.store, ASSAY_STORE_SCORE, key, bytes, SCORE_LEN_MAX, len) !=
        ASSAY_OK)
        *len = 0;
}

/* The row of a day, and that of a month where it is of this epoch. */
static bool compare_score(struct audit_run *run, const struct assay_state *state, uint32_t slot)
{
    uint8_t bytes[SCORE_LEN_MAX];
    struct assay_history_row row = { 0 };
    const struct assay_store_key day = { .era = state->era, .epoch = state->epoch, .number = slot };
    const uint64_t hour =
        assay_history_hour(run->ledger.network.genesis->parameters.epoch_ms, state->epoch);
    const struct assay_store_key month = { .era = ASSAY_HISTORY_ERA,
                                           .epoch = hour % ASSAY_HISTORY_HOURS,
                                           .number = slot };
    size_t len = 0;
    uint32_t era = 0;
    uint64_t epoch = 0;
    run->epoch = state->epoch;
    run->slot = slot;
    read_score(run, &day, bytes, &len);
    run->scores += len > 0;
    if (len > 0 && assay_history_decode(assay_slice_over(bytes, len), &row) != ASSAY_OK)
        return !report_difference(run, "row that can be read", 1, 0);
    if (len > 0 && !compare_row(run, state, slot, &row)) return false;
    read_score(run, &month, bytes, &len);
    if (len == 0) return true;
    if (assay_history_hour_decode(assay_slice_over(bytes, len), &era, &epoch, &row) != ASSAY_OK)
        return !report_difference(run, "row of an hour that can be read", 1, 0);
    if (era != state->era || epoch != state->epoch) return true;
    run->scores++;
    return compare_row(run, state, slot, &row);
}

static bool on_rules(void *context, const struct assay_genesis *effective,
                     const struct assay_audit_rules *before)
{
    struct audit_run *run = context;
    return cli_audit_ledger_rule(&run->ledger, effective, before);
}

static bool on_epoch_closed(void *context, const struct assay_state *state)
{
    struct audit_run *run = context;
    if (run->options->table) print_table(state);
    for (uint32_t slot = 0; slot < state->member_count; slot++)
        if (!compare_score(run, state, slot)) return false;
    if (!run->begun) run->progress.before = state->epoch - 1;
    run->begun = true;
    sim_progress_show(&run->progress, state->epoch, ASSAY_SIM_PROGRESS_UNCOUNTED);
    return true;
}

static bool note_key(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct assay_store_key *const newest = context;
    (void)value;
    *newest = *key;
    return false; /* backwards: the first is the last */
}

/* Key of the last epoch up to an era; zero when the store does not have one. */
static struct assay_store_key find_newest(struct assay_store *store, uint32_t era_max)
{
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = era_max, .epoch = UINT64_MAX, .number = UINT64_MAX };
    struct assay_store_key newest = { 0 };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    const enum assay_status status =
        assay_store_scan(store, ASSAY_STORE_FINALITY, &from, &to, true, note_key, &newest);
    return status == ASSAY_OK ? newest : from;
}

/* protocol.md 9.18: an era may count its epochs from the first one again. */
static uint64_t highest_epoch(struct assay_store *store)
{
    struct assay_store_key newest = find_newest(store, UINT32_MAX);
    uint64_t highest = newest.epoch;
    while (newest.era > 0) {
        newest = find_newest(store, newest.era - 1);
        if (newest.epoch > highest) highest = newest.epoch;
    }
    return highest;
}

/* ------------------------------------------------------------ what came of it */

static const char *class_name(enum assay_store_class class_)
{
    switch (class_) {
#define NAME_OF(symbol, number, table)                                                             \
    case symbol: return (table);
        ASSAY_STORE_LIST(NAME_OF)
#undef NAME_OF
    }
    return "store";
}

static const char fault_view[] =
    "{in}[?era!= , era {era}], epoch {epoch}[?height!= , height {height}]"
    "[?record!= , record {record}][?slot!= , slot {slot}]: {what}"
    "[?expected!= : expected {expected}, found {found}][?status : {status_text}]\n";

/* Document assay.audit; fault: what does not hold, NULL when all does. Takes both over; view: the
 * text of the figures. Returns: the exit status. */
static int print_result(const struct audit_run *run, struct assay_json *data,
                        struct assay_json *fault, const char *view)
{
    FILE *const out = run->options->table ? stderr : stdout;
    assay_json_set_text(data, "verb", run->options->verb);
    assay_json_set_bool(data, "holds", fault == NULL);
    if (fault != NULL) {
        assay_json_set(data, "fault", fault);
        (void)fprintf(stderr, "assay audit %s: ", run->options->verb);
        cli_view_print(fault_view, fault, stderr);
    }
    int printed = ASSAY_EXIT_OK;
    if (run->options->json) printed = cli_print_envelope("assay.audit", data);
    else if (view != NULL) cli_view_print(view, data, out);
    if (!run->options->json) assay_json_free(&data);
    return printed == ASSAY_EXIT_OK && fault != NULL ? ASSAY_EXIT_CONTRAINDICATED : printed;
}

static int print_fault(const struct audit_run *run, const struct assay_audit_fault *at)
{
    const struct assay_fault *f = &at->fault;
    struct assay_json *const fault = assay_json_object();
    assay_json_set_text(fault, "in", class_name(at->class_));
    assay_json_set_uint(fault, "era", at->key.era);
    assay_json_set_uint(fault, "epoch", at->key.epoch);
    if (at->class_ == ASSAY_STORE_BLOCK) assay_json_set_uint(fault, "height", at->key.number);
    if (f->has_record) assay_json_set_uint(fault, "record", f->record);
    assay_json_set_text(fault, "what", f->what);
    if (f->has_numbers) {
        assay_json_set_uint(fault, "expected", f->expected);
        assay_json_set_uint(fault, "found", f->found);
    } else if (f->has_ids) {
        assay_json_set_hex(fault, "expected", f->expected_id, sizeof f->expected_id);
        assay_json_set_hex(fault, "found", f->found_id, sizeof f->found_id);
    } else {
        assay_json_set_text(fault, "status", assay_status_symbol(f->status));
        assay_json_set_text(fault, "status_text", assay_status_text(f->status));
    }
    return print_result(run, assay_json_object(), fault, NULL);
}

static int print_score(const struct audit_run *run)
{
    struct assay_json *const fault = assay_json_object();
    assay_json_set_text(fault, "in", "scores");
    assay_json_set_uint(fault, "epoch", run->epoch);
    assay_json_set_uint(fault, "slot", run->slot);
    assay_json_set_text(fault, "what", run->field);
    assay_json_set_uint(fault, "expected", run->expected);
    assay_json_set_uint(fault, "found", run->found);
    return print_result(run, assay_json_object(), fault, NULL);
}

/* docs/protocol.md 11.4: what no chain from genesis or the checkpoint proves; 11.4.3: RECOVER. */
static const char figures_view[] =
    "[?!proven [?!signatures_verified "
    "not audited    signatures, which alone are a proof (--no-signatures)\n]"
    "[?unproven_to not audited    epochs {unproven_from} to {unproven_to}: no blocks and no "
    "boundaries lead there; use --checkpoint of a later epoch\n"
    "|[?signatures_verified not audited    the snapshot after epoch {started_epoch}: no boundaries "
    "lead to it; use --checkpoint\n]]]"
    "[?proven holds         |read          ] {epochs} epochs, from "
    "[?started_epoch the snapshot after epoch {started_epoch}|genesis] on\n"
    "head           {head_id}, era {head_era}, epoch {head_epoch}, height {head_height}\n"
    "[?recovers_crossed crosses        {recovers_crossed} RECOVER, by which operators began era "
    "{head_era}; answers [?recover_weight to the last: weight {recover_answered} of "
    "{recover_weight}|not weighed (--no-signatures)]\n]"
    "blocks         {blocks}, {records} records; {running_blocks} more in the running epoch\n"
    "[?leaps fast syncs     {leaps}, over {leapt_epochs} epochs whose blocks are not stored here\n]"
    "[?epochs_ahead not audited    {epochs_ahead} epochs after the head: their boundaries are "
    "proven, their blocks and state are not here; start the node, which fetches them, or restore "
    "its store\n]"
    "[?boundaries boundaries     {boundaries}, with their finality proofs\n]"
    "evidence       {evidence_verified} pieces verified again, {evidence_kept} stored\n"
    "in addition    {certificates} certificates, {votes} votes, {proposals} proposals, {envelopes} "
    "envelopes, {ballots} ballots,\n"
    "               {waiting_records} waiting records, {snapshots} snapshots, {score_rows} rows of "
    "scores\n"
    "signatures     [?signatures_verified verified|not verified (--no-signatures)]\n"
    "took           {took_ms:/1000.2} s, {epochs_per_s} epochs/s\n";

static int print_figures(const struct audit_run *run, const struct assay_audit_figures *f,
                         const struct assay_network *network, double took_s)
{
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        { "epochs", f->epochs },
        { "started_epoch", f->started_epoch },
        { "head_era", f->head_era },
        { "head_epoch", f->head_epoch },
        { "head_height", f->head_height },
        { "blocks", f->blocks },
        { "records", f->records },
        { "running_blocks", f->running_blocks },
        { "leaps", f->leaps },
        { "leapt_epochs", f->leapt_epochs },
        { "epochs_ahead", f->epochs_ahead },
        { "boundaries", f->boundaries },
        { "gaps", f->gaps },
        { "recovers_crossed", f->crossed },
        { "recover_answered", f->recover_answered },
        { "recover_weight", f->recover_total },
        { "unproven_from", f->unproven_from },
        { "unproven_to", f->unproven_to },
        { "evidence_verified", network->judged },
        { "evidence_kept", f->held_evidence },
        { "certificates", f->certificates },
        { "votes", f->votes },
        { "proposals", f->proposals },
        { "envelopes", f->envelopes },
        { "ballots", f->ballots },
        { "waiting_records", f->waiting },
        { "snapshots", f->snapshots },
        { "score_rows", run->scores },
        { "took_ms", (uint64_t)(took_s * 1000) },
        { "epochs_per_s", (uint64_t)((double)f->epochs / (took_s > 0 ? took_s : 1e-9)) },
    };
    struct assay_json *const data = assay_json_object();
    assay_json_set_hex(data, "head_id", f->head_id, sizeof f->head_id);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assay_json_set_uint(data, rows[i].name, rows[i].value);
    assay_json_set_bool(data, "signatures_verified", !run->options->unsigned_);
    assay_json_set_bool(data, "proven", f->proven && f->unproven_to == 0 && f->epochs_ahead == 0);
    return print_result(run, data, NULL, figures_view);
}

static int exit_of(const struct assay_audit_figures *f)
{
    if (!f->proven || f->unproven_to != 0 || f->epochs_ahead != 0) return ASSAY_EXIT_NONE;
    return f->crossed > 0 ? ASSAY_EXIT_CROSSED : ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ the commands */

static int walk_store(struct audit_run *run)
{
    const struct audit_options *options = run->options;
    struct assay_network *const network = &run->ledger.network;
    struct assay_store *const store = run->ledger.store;
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    const uint64_t highest = highest_epoch(store);
    if (highest > 0 && options->from_epoch > highest)
        return cli_misuse("--from %llu: the store ends at epoch %llu",
                          (unsigned long long)options->from_epoch, (unsigned long long)highest);
    struct assay_audit_config config = {
        .vet = { .context = network, .finding = cli_network_appraise },
        .signatures = !options->unsigned_,
        .items = strcmp(options->verb, "verify") == 0,
        .from_epoch = options->from_epoch,
        .ruled = on_rules,
        .closed = on_epoch_closed,
        .context = run,
    };
    cli_audit_ledger_configure(&run->ledger, &config);
    run->progress =
        sim_progress_start("epochs", find_newest(store, UINT32_MAX).epoch, 0, options->json);
    const double began_s = now_s();
    const enum assay_status status = assay_audit(&config, &figures, &fault);
    const double took_s = now_s() - began_s;
    sim_progress_end(&run->progress);
    if (run->wrong_score) return print_score(run);
    if (status == ASSAY_E_INVALID) return print_fault(run, &fault);
    if (status == ASSAY_OK) {
        if (options->from_epoch > 0 && figures.started_epoch > options->from_epoch)
            (void)fprintf(stderr,
                          "assay audit %s: --from %llu: the oldest retained snapshot since then is "
                          "after epoch %llu: the epochs before are not audited\n",
                          options->verb, (unsigned long long)options->from_epoch,
                          (unsigned long long)figures.started_epoch);
        const int result = print_figures(run, &figures, network, took_s);
        return result == ASSAY_EXIT_OK ? exit_of(&figures) : result;
    }
    (void)fprintf(stderr, "assay audit %s: %s%s\n", options->verb,
                  status == ASSAY_E_STORE ? store->ops->error(store) : assay_status_text(status),
                  status == ASSAY_E_STORE ? CLI_NETWORK_STORE_DAMAGED : "");
    return status == ASSAY_E_STORE ? ASSAY_EXIT_CONTRAINDICATED : ASSAY_EXIT_INTERNAL;
}

static int run_audit(const struct audit_options *options)
{
    struct audit_run run = { .options = options };
    const struct cli_audit_ledger_paths paths = { .store = options->store,
                                                  .genesis = options->genesis,
                                                  .checkpoint = options->checkpoint };
    int result = cli_audit_ledger_open(&run.ledger, "assay audit", &paths);
    if (result == ASSAY_EXIT_OK) result = walk_store(&run);
    cli_audit_ledger_close(&run.ledger);
    return result;
}

/* Returns: -1 to go on, else the exit status. */
static int read_options(int argc, char **argv, struct audit_options *o)
{
    const struct cli_option_target targets[] = {
        { "genesis", .text = &o->genesis },
        { "checkpoint", .text = &o->checkpoint },
        { "from", .number = &o->from_epoch, .high = INT64_MAX },
        { "no-signatures", .flag = &o->unsigned_ },
        { "table", .flag = &o->table },
        { "json", .flag = &o->json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    o->verb = argv[1];
    o->store = argv[2];
    if (early >= 0) return early;
    if (o->json && o->table)
        return cli_misuse("--json is one document and --table lines: one of them");
    return -1;
}

int cli_command_audit(int argc, char **argv)
{
    struct audit_options o = { .verb = NULL };
    if (strcmp(argv[1], "orders") == 0) return cli_command_orders(argc, argv);
    const int early = read_options(argc, argv, &o);
    return early >= 0 ? early : run_audit(&o);
}
