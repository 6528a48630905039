/*
 * apps/assay/identity/authority_audit.c - `assay ca audit`: a holder's journal of what it signed,
 * against the ledger (docs/identity.md 4.14).
 *
 * The ledger is folded again from the store; at each close the entries that name it are derived
 * (net/services/identity/signing_audit.h). An archive has no blocks: with it, blocks and certified
 * epochs are compared alone. The journal is read first, with its chain and order.
 */
#include "apps/assay/identity/authority.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/view.h"
#include "apps/assay/identity/authority_certificate.h"
#include "apps/assay/identity/authority_journal.h"
#include "apps/assay/identity/authority_source.h"
#include "apps/assay/operate/store.h"
#include "apps/assay/proofs/audit_ledger.h"
#include "apps/sim/commands/progress.h"
#include "base/file/kind.h"
#include "engine/consensus/block.h"
#include "engine/ledger/proofs/boundary.h"
#include "engine/sync/key_list_page.h"
#include "net/services/identity/signing_audit.h"
#include "services/registry/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char command[] = "assay ca audit";

enum { FINDINGS_MAX = 1000 }; /* that are printed; all are counted */

/* A list of keys that a block declared, by its root. */
struct declared_list {
    uint8_t root[32];
    size_t len;
    uint8_t *bytes;
};

struct audit_run {
    const struct cli_authority_options *options;
    struct cli_audit_ledger ledger;
    struct cli_authority_journal journal; /* of --certificate: one entry, which it names */
    struct cli_audited audited;
    bool is_found,
        is_signed; /* of it: its epoch is in the ledger; the key of its number signed it */
    char member[ASSAY_NAME_MAX + 1];
    enum assay_signing_audit_answer answer;
    struct assay_json *differs;
    struct assay_signing_audit *audit;
    struct assay_sim_progress progress;
    size_t next; /* entry of the journal: those before are of closed epochs */
    size_t list_count, list_capacity;
    struct declared_list *lists;
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX]; /* of the newest block */
    size_t header_len;
    struct assay_registry_plan before; /* of the services at the close before */
    uint64_t derived, refused, unaudited;
    struct assay_json *findings;
    enum assay_status failure;
};

/* ------------------------------------------------------------ lists of keys */

static bool is_subject(const struct audit_run *run, const uint8_t node_id[static 32])
{
    for (size_t i = 0; i < run->journal.count; i++)
        if (assay_bytes_equal(run->journal.rows[i].entry.subject, node_id, 32)) return true;
    return false;
}

static void add_list(struct audit_run *run, const struct assay_keys_body *keys)
{
    for (size_t i = 0; i < run->list_count; i++)
        if (assay_bytes_equal(run->lists[i].root, keys->root, 32)) return;
    if (!is_subject(run, keys->node_id)) return;
    if (run->list_count == run->list_capacity) {
        const size_t capacity = run->list_capacity > 0 ? 2 * run->list_capacity : 64;
        struct declared_list *const more = realloc(run->lists, capacity * sizeof *more);
        if (more == NULL) {
            run->failure = ASSAY_E_MEMORY;
            return;
        }
        run->lists = more;
        run->list_capacity = capacity;
    }
    struct declared_list *const list = &run->lists[run->list_count];
    *list = (struct declared_list){ .len = keys->list.len, .bytes = malloc(keys->list.len + 1) };
    if (list->bytes == NULL) {
        run->failure = ASSAY_E_MEMORY;
        return;
    }
    assay_bytes_copy(list->root, 32, keys->root, 32);
    assay_bytes_copy(list->bytes, list->len, keys->list.bytes, list->len);
    run->list_count++;
}

/* Was folded without a fault: what cannot be read of it now is none of these records. */
static void on_block(void *context, struct assay_slice payload)
{
    enum { ARRAY_OF_THREE = 0x83 };
    struct audit_run *const run = context;
    struct assay_proposal proposal;
    struct assay_cursor c;
    struct assay_slice bytes;
    uint64_t count = 0;
    if (assay_proposal_decode(payload, &proposal) != ASSAY_OK) return;
    run->header_len = proposal.header_bytes.len;
    assay_bytes_copy(run->header, sizeof run->header, proposal.header_bytes.bytes,
                     proposal.header_bytes.len);
    if (assay_body_open(proposal.body, &c, &count) != ASSAY_OK) return;
    for (uint64_t i = 0; i < count && assay_body_next(&c, &bytes) == ASSAY_OK; i++) {
        struct assay_record record;
        if (bytes.len < 2 || bytes.bytes[0] != ARRAY_OF_THREE ||
            bytes.bytes[1] != ASSAY_RECORD_KEYS || assay_record_decode(bytes, &record) != ASSAY_OK)
            continue;
        add_list(run, &record.keys);
    }
}

/* Of the blocks, else of those that the newest state names. */
static bool find_list(void *context, uint32_t slot, const uint8_t root[static 32], uint8_t *buffer,
                      struct assay_slice *list)
{
    const struct audit_run *const run = context;
    for (size_t i = 0; i < run->list_count; i++) {
        const struct declared_list *const found = &run->lists[i];
        if (!assay_bytes_equal(found->root, root, 32)) continue;
        if (found->len > ASSAY_DECLARED_KEYS_LEN_MAX) return false;
        assay_bytes_copy(buffer, ASSAY_DECLARED_KEYS_LEN_MAX, found->bytes, found->len);
        *list = assay_slice_over(buffer, found->len);
        return true;
    }
    return assay_declared_list_load(run->ledger.store, slot, root, buffer,
                                    ASSAY_DECLARED_KEYS_LEN_MAX, list) == ASSAY_OK;
}

/* ------------------------------------------------------------ entries */

static void add_finding(struct audit_run *run, const struct cli_authority_journal_row *row,
                        enum assay_signing_audit_answer answer, enum assay_derivation_reason reason)
{
    const struct assay_signing_entry *const e = &row->entry;
    const bool is_open = answer == ASSAY_SIGNING_AUDIT_NO_LIST;
    if (is_open) run->unaudited++;
    else run->refused++;
    if (run->refused + run->unaudited > FINDINGS_MAX) return;
    struct assay_json *const one = assay_json_append_object(run->findings);
    assay_json_set_uint(one, "file", row->file);
    assay_json_set_uint(one, "byte", row->at);
    assay_json_set_uint(one, "era", e->era);
    assay_json_set_uint(one, "epoch", e->epoch);
    assay_json_set_uint(one, "ca_number", e->ca_number);
    assay_json_set_uint(one, "generation", e->generation);
    assay_json_set_hex(one, "subject", e->subject, sizeof e->subject);
    assay_json_set_hex(one, "entry", e->entry, sizeof e->entry);
    assay_json_set_hex(one, "text", e->tbs, sizeof e->tbs);
    assay_json_set_uint(one, "signed_ms", e->wall_ms);
    assay_json_set_bool(one, "decided", !is_open);
    assay_json_set_text(one, "what", assay_keyholder_audit_text(answer));
    if (answer == ASSAY_SIGNING_AUDIT_REFUSED)
        assay_json_set_text(one, "reason", assay_derivation_reason_text(reason));
}

/* What a certificate or token does not name is the ledger's. */
static void complete_row(struct audit_run *run, const struct assay_ca *ca,
                         const struct assay_registry_plan *plan, struct assay_signing_entry *entry)
{
    struct assay_credential_ca numbers[ASSAY_CREDENTIAL_KEYS_MAX];
    if (run->audited.is_token) entry->ca_number = ca->ca_number;
    const struct assay_ca_sharing *const made = assay_ca_sharing_of(ca, entry->ca_number);
    if (made != NULL) entry->generation = made->generation;
    const uint32_t count = assay_derivation_published(ca, plan, numbers);
    for (uint32_t i = 0; i < count; i++)
        if (numbers[i].number == entry->ca_number)
            run->is_signed = cli_audited_is_signed(&run->audited, &numbers[i]);
}

static void note_certificate(struct audit_run *run, const struct assay_state *state,
                             const struct assay_signing_entry *entry,
                             enum assay_signing_audit_answer answer)
{
    run->is_found = true;
    run->answer = answer;
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_bytes_equal(state->members[i].node_id, entry->subject, 32))
            (void)snprintf(run->member, sizeof run->member, "%s", state->members[i].name);
    if (answer == ASSAY_SIGNING_AUDIT_OTHER_TEXT)
        cli_audited_compare(&run->audited, assay_keyholder_audit_derived(run->audit), run->differs);
}

static enum assay_status check_row(struct audit_run *run, const struct assay_state *state,
                                   const struct cli_authority_journal_row *row)
{
    enum assay_signing_audit_answer answer = ASSAY_SIGNING_AUDIT_DERIVED;
    enum assay_derivation_reason reason = ASSAY_DERIVATION_DERIVED;
    ASSAY_TRY(assay_keyholder_audit_check(run->audit, &row->entry, &answer, &reason));
    if (run->options->certificate != NULL) note_certificate(run, state, &row->entry, answer);
    if (answer == ASSAY_SIGNING_AUDIT_DERIVED) run->derived++;
    else add_finding(run, row, answer, reason);
    return ASSAY_OK;
}

/* Returns: whether the entry is of an epoch before this one. */
static bool is_before(const struct assay_signing_entry *e, const struct assay_state *state)
{
    return e->era < state->era || (e->era == state->era && e->epoch < state->epoch);
}

/* docs/identity.md 3.21.1: the section that the fold names counts, of this close's plan or of that
 * before. */
static const struct assay_registry_plan *choose_plan(const struct audit_run *run,
                                                     const struct assay_registry *registry,
                                                     const struct assay_ca *ca)
{
    const struct assay_registry_plan *const plan = assay_registry_get_plan(registry);
    uint8_t terms[32];
    assay_registry_plan_identity_digest(plan, terms);
    const bool is_it = assay_bytes_equal(terms, ca->terms, sizeof terms);
    return is_it || !run->before.has_identity ? plan : &run->before;
}

static enum assay_status check_close(struct audit_run *run, const struct assay_state *state,
                                     const struct assay_registry *registry)
{
    const struct assay_ca *const ca = assay_registry_identity(registry);
    const struct cli_authority_journal *const j = &run->journal;
    while (run->next < j->count && is_before(&j->rows[run->next].entry, state)) {
        run->next++;
        run->unaudited++; /* the store does not have this epoch */
    }
    if (ca == NULL || run->next == j->count) return ASSAY_OK;
    const struct assay_signing_entry *const e = &j->rows[run->next].entry;
    if (e->era != state->era || e->epoch != state->epoch) return ASSAY_OK;
    const struct assay_signing_audit_epoch epoch = {
        .state = state,
        .header = assay_slice_over(run->header, run->header_len),
        .ca = ca,
        .plan = choose_plan(run, registry, ca),
        .find_list = find_list,
        .context = run,
    };
    ASSAY_TRY(assay_keyholder_audit_open(run->audit, &epoch));
    for (; run->next < j->count; run->next++) {
        struct cli_authority_journal_row *const row = &j->rows[run->next];
        if (row->entry.era != state->era || row->entry.epoch != state->epoch) break;
        if (run->options->certificate != NULL) complete_row(run, ca, epoch.plan, &row->entry);
        ASSAY_TRY(check_row(run, state, row));
    }
    return ASSAY_OK;
}

static bool on_served(void *context, const struct assay_state *state, const void *registry)
{
    struct audit_run *const run = context;
    if (run->failure == ASSAY_OK) run->failure = check_close(run, state, registry);
    run->before = *assay_registry_get_plan(registry);
    return run->failure == ASSAY_OK;
}

static bool on_closed(void *context, const struct assay_state *state)
{
    struct audit_run *const run = context;
    sim_progress_show(&run->progress, state->epoch, ASSAY_SIM_PROGRESS_UNCOUNTED);
    return true;
}

static bool on_rules(void *context, const struct assay_genesis *effective,
                     const struct assay_audit_rules *before)
{
    struct audit_run *const run = context;
    return cli_audit_ledger_rule(&run->ledger, effective, before);
}

/* ------------------------------------------------------------ the result */

static const char audit_view[] =
    "journal        {entries} entr[?entries=1 y|ies] in {files} file{files:plural}[?entries , "
    "epochs {first_epoch} to {last_epoch}]\n"
    "[?damaged DAMAGED        journal-{damaged.file}, byte {damaged.byte}: an entry was changed, "
    "or one before it is missing; the entries from there on are not read\n]"
    "[*missing MISSING        journal-{.}: the entries in it are not audited\n]"
    "[?behind BEHIND         journal-{behind.file}: {behind.bytes} byte{behind.bytes:plural} "
    "behind "
    "the last entry: of one whose answer was never sent, or foreign\n]"
    "[?!entries EMPTY          the journal has no entry: nothing was audited\n]"
    "derived        {derived}: the ledger gives each of these texts\n"
    "[*findings [?decided NOT DERIVED    |not audited    ]journal-{file}, byte {byte}: "
    "epoch {epoch} of era {era}, member {subject,.16}, text {text,.16}: {what}[?reason : "
    "{reason}]\n]"
    "[?not_derived not derived    {not_derived}: texts that the ledger does not give\n]"
    "[?not_audited not audited    {not_audited}: of epochs, blocks or lists that the ledger given "
    "here does not have\n]"
    "ledger         epochs up to {head_epoch}[?proven , proven from genesis or the checkpoint|; "
    "nothing that is trusted leads to it: use --checkpoint]\n";

static void set_journal(struct assay_json *data, const struct cli_authority_journal *j)
{
    assay_json_set_uint(data, "files", j->files);
    assay_json_set_uint(data, "entries", j->count);
    assay_json_set_uint(data, "first_epoch", j->count > 0 ? j->rows[0].entry.epoch : 0);
    assay_json_set_uint(data, "last_epoch", j->count > 0 ? j->rows[j->count - 1].entry.epoch : 0);
    struct assay_json *const missing = assay_json_set_array(data, "missing");
    for (uint64_t i = 0; i < j->missing_count; i++)
        assay_json_append_uint(missing, j->missing_from + i);
    if (j->behind > 0) {
        struct assay_json *const behind = assay_json_set_object(data, "behind");
        assay_json_set_uint(behind, "file", j->behind_file);
        assay_json_set_uint(behind, "bytes", j->behind);
    }
    if (!j->is_damaged) return;
    struct assay_json *const damaged = assay_json_set_object(data, "damaged");
    assay_json_set_uint(damaged, "file", j->damaged_file);
    assay_json_set_uint(damaged, "byte", j->damaged_at);
}

static int exit_of(const struct audit_run *run, const struct assay_audit_figures *f, bool is_proven)
{
    if (run->refused > 0 || run->journal.is_damaged) return ASSAY_EXIT_CONTRAINDICATED;
    if (run->options->journal != NULL && run->journal.count == 0) return ASSAY_EXIT_NONE;
    if (!is_proven || run->unaudited > 0 || run->journal.missing_count > 0) return ASSAY_EXIT_NONE;
    return f->crossed > 0 ? ASSAY_EXIT_CROSSED : ASSAY_EXIT_OK;
}

static const char certificate_view[] =
    "[?legitimate legitimate     |[?decided NOT LEGITIMATE |not audited    ]]{what}[?reason : "
    "{reason}]\n"
    "[*differs differs        {.}: another one in the ledger\n]"
    "signature      [?signed by the key of CA number {ca_number}[?!legitimate&decided : its key "
    "signed "
    "what "
    "the ledger does not give, so a stranger has it; retire it (docs/identity.md 3.15)]|"
    "[?found not by a key that was published after that epoch: anybody can have made it|not "
    "verified]]\n"
    "subject        {subject}\n"
    "member         [?member {member}, ]{node_id}\n"
    "key            entry {entry}\n"
    "epoch          {epoch} of era {era}, block {block_id}\n"
    "ledger         epochs up to {head_epoch}[?proven , proven from genesis or the checkpoint|; "
    "nothing that is trusted leads to it: use --checkpoint]\n";

static int print_certificate(struct audit_run *run, const struct assay_audit_figures *f,
                             bool is_proven)
{
    const struct assay_signing_entry *const e = &run->journal.rows[0].entry;
    const bool is_derived = run->is_found && run->answer == ASSAY_SIGNING_AUDIT_DERIVED;
    const bool is_open = !run->is_found || run->answer == ASSAY_SIGNING_AUDIT_NO_LIST;
    const bool is_legitimate = is_derived && run->is_signed;
    struct assay_json *const data = assay_json_object();
    assay_json_set_bool(data, "legitimate", is_legitimate);
    assay_json_set_bool(data, "decided", !is_open);
    assay_json_set_bool(data, "found", run->is_found);
    assay_json_set_bool(data, "signed", run->is_signed);
    assay_json_set_text(data, "what",
                        run->is_found
                            ? assay_keyholder_audit_text(run->answer)
                            : "the ledger given here, or the node, does not prove its epoch");
    if (assay_json_count(run->findings) > 0) {
        const char *const reason = assay_json_text(assay_json_at(run->findings, 0), "reason", NULL);
        if (reason != NULL) assay_json_set_text(data, "reason", reason);
    }
    assay_json_set(data, "differs", run->differs);
    run->differs = NULL;
    assay_json_set_text(data, "kind", run->audited.is_token ? "token" : "certificate");
    assay_json_set_text(data, "subject", run->audited.spiffe_id);
    if (run->member[0] != '\0') assay_json_set_text(data, "member", run->member);
    assay_json_set_hex(data, "node_id", e->subject, 32);
    assay_json_set_hex(data, "entry", e->entry, 32);
    assay_json_set_hex(data, "block_id", e->block_id, 32);
    assay_json_set_uint(data, "era", e->era);
    assay_json_set_uint(data, "epoch", e->epoch);
    assay_json_set_uint(data, "ca_number", e->ca_number);
    assay_json_set_uint(data, "head_era", f->head_era);
    assay_json_set_uint(data, "head_epoch", f->head_epoch);
    assay_json_set_bool(data, "proven", is_proven);
    const int printed =
        cli_view_result(run->options->json, "assay.ca.certificate", data, certificate_view);
    if (printed != ASSAY_EXIT_OK) return printed;
    if (!is_legitimate && !is_open) return ASSAY_EXIT_CONTRAINDICATED;
    if (is_open || !is_proven) return ASSAY_EXIT_NONE;
    return f->crossed > 0 ? ASSAY_EXIT_CROSSED : ASSAY_EXIT_OK;
}

static int print_result(struct audit_run *run, const struct assay_audit_figures *f)
{
    const bool is_proven = f->proven && f->unproven_to == 0;
    if (run->options->certificate != NULL) return print_certificate(run, f, is_proven);
    run->unaudited += run->journal.count - run->next;
    struct assay_json *const data = assay_json_object();
    set_journal(data, &run->journal);
    assay_json_set_uint(data, "derived", run->derived);
    assay_json_set_uint(data, "not_derived", run->refused);
    assay_json_set_uint(data, "not_audited", run->unaudited);
    assay_json_set(data, "findings", run->findings);
    run->findings = NULL;
    assay_json_set_uint(data, "head_era", f->head_era);
    assay_json_set_uint(data, "head_epoch", f->head_epoch);
    assay_json_set_bool(data, "proven", is_proven);
    const int printed = cli_view_result(run->options->json, "assay.ca.audit", data, audit_view);
    return printed == ASSAY_EXIT_OK ? exit_of(run, f, is_proven) : printed;
}

/* ------------------------------------------------------------ the command */

static int walk_ledger(struct audit_run *run)
{
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    struct assay_audit_config config = {
        .vet = { .context = &run->ledger.network, .finding = cli_network_appraise },
        .signatures = true,
        .ruled = on_rules,
        .visited = on_block,
        .served = on_served,
        .closed = on_closed,
        .context = run,
    };
    cli_audit_ledger_configure(&run->ledger, &config);
    const uint64_t last =
        run->journal.count > 0 ? run->journal.rows[run->journal.count - 1].entry.epoch : 0;
    run->progress = sim_progress_start("epochs", last, 0, run->options->json);
    const enum assay_status status = assay_audit(&config, &figures, &fault);
    sim_progress_end(&run->progress);
    if (run->failure != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s\n", command, assay_status_text(run->failure));
        return ASSAY_EXIT_INTERNAL;
    }
    if (status == ASSAY_OK) return print_result(run, &figures);
    if (status == ASSAY_E_INVALID) {
        (void)fprintf(stderr,
                      "%s: %s: the ledger does not hold at era %" PRIu32 ", epoch %" PRIu64
                      ": %s (assay audit verify has the details)\n",
                      command, run->options->ledger, fault.key.era, fault.key.epoch,
                      fault.fault.what);
        return ASSAY_EXIT_CONTRAINDICATED;
    }
    struct assay_store *const store = run->ledger.store;
    (void)fprintf(stderr, "%s: %s: %s\n", command, run->options->ledger,
                  status == ASSAY_E_STORE ? store->ops->error(store) : assay_status_text(status));
    return status == ASSAY_E_STORE ? ASSAY_EXIT_CONTRAINDICATED : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ an archive */

/* Entries of the epoch that this boundary closes: what they name can contradict it. */
static void check_boundary(struct audit_run *run, const struct assay_boundary *b)
{
    const struct cli_authority_journal *const j = &run->journal;
    for (; run->next < j->count; run->next++) {
        const struct cli_authority_journal_row *const row = &j->rows[run->next];
        const struct assay_signing_entry *const e = &row->entry;
        if (e->era > b->state.era || (e->era == b->state.era && e->epoch > b->state.epoch)) return;
        if (e->era != b->state.era || e->epoch != b->state.epoch) {
            run->unaudited++; /* the archive does not have this epoch */
        } else if (!assay_bytes_equal(e->block_id, b->id, 32)) {
            add_finding(run, row, ASSAY_SIGNING_AUDIT_OTHER_BLOCK, ASSAY_DERIVATION_DERIVED);
        } else if (!b->state.certified) {
            add_finding(run, row, ASSAY_SIGNING_AUDIT_NOT_CERTIFIED, ASSAY_DERIVATION_DERIVED);
        } else {
            run->unaudited++; /* nor its blocks */
        }
    }
}

static void check_boundaries(struct audit_run *run, struct assay_archive *archive)
{
    while (archive->boundary_count > 0) { /* each call takes one off */
        struct assay_slice boundary, finality;
        struct assay_boundary b;
        assay_archive_next_boundary(archive, &boundary, &finality);
        if (assay_boundary_decode(boundary, ASSAY_MEMBERS_MAX, &b) == ASSAY_OK)
            check_boundary(run, &b);
    }
}

static int audit_archive(struct audit_run *run)
{
    const struct assay_store_options options = { .file = run->options->ledger,
                                                 .genesis = run->options->genesis,
                                                 .checkpoint = run->options->checkpoint,
                                                 .json = run->options->json };
    struct assay_store_file file = { .bytes = NULL };
    struct assay_archive_report report;
    uint8_t *bytes = NULL;
    struct assay_genesis *const genesis = calloc(1, sizeof *genesis);
    int exit = ASSAY_EXIT_INTERNAL;
    if (genesis != NULL) exit = cli_store_genesis(command, options.genesis, &bytes, genesis);
    if (exit == ASSAY_EXIT_OK) exit = cli_store_load(command, options.file, &file);
    if (exit == ASSAY_EXIT_OK)
        exit = cli_store_prove(command, &options, &file.archive, genesis, &report);
    const bool is_proven = exit == ASSAY_EXIT_OK;
    if (is_proven || exit == ASSAY_EXIT_NONE) {
        const struct assay_audit_figures figures = { .head_era = file.archive.end.era,
                                                     .head_epoch = file.archive.end.epoch,
                                                     .proven = is_proven };
        check_boundaries(run, &file.archive);
        exit = print_result(run, &figures);
    }
    free(file.bytes);
    free(bytes);
    free(genesis);
    return exit;
}

static bool is_archive(const char *path)
{
    struct assay_file_kind kind;
    return assay_file_kind_at(path, &kind) && strcmp(kind.id, "archive") == 0;
}

static void free_run(struct audit_run *run)
{
    for (size_t i = 0; i < run->list_count; i++)
        free(run->lists[i].bytes);
    free(run->lists);
    assay_json_free(&run->findings);
    assay_json_free(&run->differs);
    cli_audited_free(&run->audited);
    assay_keyholder_audit_destroy(&run->audit);
    cli_audit_ledger_close(&run->ledger);
    cli_authority_journal_free(&run->journal);
    free(run);
}

/* ------------------------------------------------------------ from proofs of a node */

/* What a node returns, in hexadecimal. Returns: an enum assay_exit; *bytes of malloc */
static int request_bytes(const struct cli_authority_options *o, const char *line, const char *field,
                         uint8_t **bytes, size_t *len)
{
    struct assay_json *document = NULL;
    const int exit = cli_authority_get(command, &o->node, line, &document);
    if (exit != ASSAY_EXIT_OK) return exit;
    const char *const hex = assay_json_text(assay_json_get(document, "data"), field, "");
    *len = strlen(hex) / 2;
    *bytes = malloc(*len + 1);
    const bool is_read =
        *bytes != NULL && assay_hex_decode(hex, strlen(hex), *bytes, *len) == ASSAY_OK;
    assay_json_free(&document);
    return is_read ? ASSAY_EXIT_OK : ASSAY_EXIT_MALFORMED;
}

static enum assay_status check_proven(struct audit_run *run, const struct cli_authority *a,
                                      struct assay_slice bare, struct assay_slice keys)
{
    struct assay_signing_entry *const e = &run->journal.rows[0].entry;
    struct assay_key_proof lists;
    struct assay_credential_ca active = { .number = 0 };
    enum assay_derivation_reason reason = ASSAY_DERIVATION_DERIVED;
    ASSAY_TRY(assay_proof_key_decode(keys, &lists));
    for (uint32_t i = 0; i < a->proven->count; i++)
        if (a->proven->number[i].state == ASSAY_CA_ACTIVE) active = a->proven->number[i].ca;
    const struct assay_signing_audit_proofs proofs = { .at = &a->proven->network.next,
                                                       .certified = a->proven->network.certified,
                                                       .ca = &a->proven->ca,
                                                       .plan = &a->proven->plan,
                                                       .standing = bare,
                                                       .list = lists.list,
                                                       .declared = lists.declared };
    if (run->audited.is_token) e->ca_number = active.number;
    run->is_signed = e->ca_number == active.number && cli_audited_is_signed(&run->audited, &active);
    ASSAY_TRY(assay_keyholder_audit_proven(run->audit, &proofs, e, &run->answer, &reason));
    run->is_found = true;
    if (run->answer == ASSAY_SIGNING_AUDIT_OTHER_TEXT)
        cli_audited_compare(&run->audited, assay_keyholder_audit_derived(run->audit), run->differs);
    if (run->answer == ASSAY_SIGNING_AUDIT_REFUSED)
        assay_json_set_text(assay_json_append_object(run->findings), "reason",
                            assay_derivation_reason_text(reason));
    return ASSAY_OK;
}

/* The node's newest epoch is that of the certificate. Returns: an enum assay_exit */
static int request_proofs(struct audit_run *run, const struct cli_authority *a)
{
    const struct cli_authority_options *const o = run->options;
    char id[65], line[96];
    uint8_t *bare = NULL, *keys = NULL;
    size_t bare_len = 0, keys_len = 0;
    assay_hex_encode(run->journal.rows[0].entry.subject, 32, id, sizeof id);
    (void)snprintf(line, sizeof line, "proof %s bare", id);
    int exit = request_bytes(o, line, "proof", &bare, &bare_len);
    (void)snprintf(line, sizeof line, "key-proof %s", id);
    if (exit == ASSAY_EXIT_OK) exit = request_bytes(o, line, "key_proof", &keys, &keys_len);
    if (exit == ASSAY_EXIT_OK) {
        const enum assay_status status = check_proven(run, a, assay_slice_over(bare, bare_len),
                                                      assay_slice_over(keys, keys_len));
        if (status != ASSAY_OK) {
            (void)fprintf(stderr, "%s: the proofs of the node cannot be used (%s)\n", command,
                          assay_status_text(status));
            exit = ASSAY_EXIT_MALFORMED;
        }
    }
    free(bare);
    free(keys);
    return exit;
}

/* docs/identity.md 12.7. */
static int audit_proofs(struct audit_run *run)
{
    const struct cli_authority_options *const o = run->options;
    const struct assay_signing_entry *const e = &run->journal.rows[0].entry;
    struct cli_authority_query q = { .command = command, .node = o->node, .time = o->time };
    struct cli_authority a = { .bytes = NULL };
    int exit = cli_proof_checkpoint(command, o->checkpoint, &q.checkpoint);
    if (exit == ASSAY_EXIT_OK && assay_keyholder_audit_create(&run->audit) != ASSAY_OK)
        exit = ASSAY_EXIT_INTERNAL;
    if (exit == ASSAY_EXIT_OK) exit = cli_authority_prove(&q, &a);
    if (exit == ASSAY_EXIT_OK) {
        const struct assay_checkpoint *const at = &a.proven->network.next;
        const struct assay_audit_figures figures = { .head_era = at->era, .head_epoch = at->epoch };
        if (at->era == e->era && at->epoch == e->epoch) exit = request_proofs(run, &a);
        if (exit == ASSAY_EXIT_OK) exit = print_certificate(run, &figures, true);
    }
    cli_authority_free(&a);
    return exit;
}

/* ------------------------------------------------------------ the command line */

/* The one entry that a certificate or token names. */
static int read_certificate(struct audit_run *run)
{
    struct cli_authority_journal *const j = &run->journal;
    const int exit = cli_audited_read(command, run->options->certificate, &run->audited);
    if (exit != ASSAY_EXIT_OK) return exit;
    j->rows = calloc(1, sizeof *j->rows);
    if (j->rows == NULL) return ASSAY_EXIT_INTERNAL;
    j->rows[0].entry = run->audited.entry;
    j->count = j->capacity = 1;
    return ASSAY_EXIT_OK;
}

int cli_authority_audit(const struct cli_authority_options *options)
{
    if ((options->journal != NULL) == (options->certificate != NULL))
        return cli_misuse("--journal DIR or --certificate FILE is required, and not both");
    if ((options->ledger != NULL) != (options->genesis != NULL))
        return cli_misuse("--ledger PATH and --genesis FILE go together");
    if (options->ledger == NULL && (options->certificate == NULL || options->checkpoint == NULL))
        return cli_misuse("--ledger PATH and --genesis FILE are needed; with --certificate FILE "
                          "--checkpoint FILE instead, for proofs of a node");
    const struct cli_audit_ledger_paths paths = { .store = options->ledger,
                                                  .genesis = options->genesis,
                                                  .checkpoint = options->checkpoint };
    struct audit_run *const run = calloc(1, sizeof *run);
    if (run == NULL) return ASSAY_EXIT_INTERNAL;
    run->options = options;
    run->findings = assay_json_array();
    run->differs = assay_json_array();
    int exit = options->certificate != NULL
                   ? read_certificate(run)
                   : cli_authority_journal_read(command, options->journal, &run->journal);
    if (exit == ASSAY_EXIT_OK && options->ledger == NULL) {
        exit = audit_proofs(run);
    } else if (exit == ASSAY_EXIT_OK && is_archive(options->ledger)) {
        exit = audit_archive(run);
    } else if (exit == ASSAY_EXIT_OK) {
        exit = cli_audit_ledger_open(&run->ledger, command, &paths);
        if (exit == ASSAY_EXIT_OK && assay_keyholder_audit_create(&run->audit) != ASSAY_OK)
            exit = ASSAY_EXIT_INTERNAL;
        if (exit == ASSAY_EXIT_OK) exit = walk_ledger(run);
    }
    free_run(run);
    return exit;
}
