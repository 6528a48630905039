/*
 * apps/assay/services/continuity.c - `assay continuity`: groups of state continuity, and the proven
 * ledger row of one instance (docs/services.md 1.3.5: proofs of rows).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/view.h"
#include "apps/assay/proofs/proof.h"
#include "apps/assay/services/services.h"
#include "host/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asked {
    struct assay_daemon_request q;
    const char *group, *instance, *out, *checkpoint, *evidence, *nonce, *word;
    uint64_t wait_s;
    struct assay_proof_time time;
};

/* What was read, and how far it is trusted. */
struct seen {
    struct assay_row_evidence evidence;
    struct assay_cont_row_proven row;
    struct assay_cont_rows rows;
    struct assay_proven_state network; /* with a checkpoint */
    bool is_proven, has_age;           /* by a checkpoint; and it is fresh */
    size_t len;                        /* of the evidence */
};

/* --- printing */

static const char seen_view[] =
    "instance       {instance}\n"
    "group          {group}\n"
    "[?has_row row            [?kept kept|provisional][?retired , retired]\n"
    "session        {session_number} of era {session_era}, by [?author!= slot {author}|nobody] in "
    "epoch {epoch}\n"
    "birth          era {birth_era}, epoch {birth_epoch}, paid by [?payer!= slot {payer}|nobody]\n"
    "[?lease lease          {lease} epochs, last shown state {shown} in epoch {renewed}\n]"
    "|row            none\n]"
    "evidence       {evidence_bytes} bytes: head {head_bytes}, proof of the row {row_bytes}, one "
    "of "
    "{rows} rows\n"
    "trusted        [?proven from the checkpoint: epoch {closed_epoch} of era {era}, closed at "
    "{time_ms:time}|by the head that the node sent; --checkpoint verifies without trusting it]\n";

static void put_row(struct assay_json *data, const struct assay_cont_instance_row *row)
{
    assay_json_set_bool(data, "kept", row->kept);
    assay_json_set_bool(data, "retired", row->retired);
    assay_json_set_uint(data, "session", row->session);
    assay_json_set_uint(data, "session_number", row->session & ((UINT64_C(1) << 40) - 1));
    assay_json_set_uint(data, "session_era", assay_cont_number_era(row->session));
    assay_json_set_uint(data, "epoch", row->epoch);
    assay_json_set_text_n(data, "address", row->contact.address, row->contact.address_len);
    if (row->author < ASSAY_CONT_SLOTS_MAX) assay_json_set_uint(data, "author", row->author);
    if (row->payer < ASSAY_CONT_SLOTS_MAX) assay_json_set_uint(data, "payer", row->payer);
    assay_json_set_uint(data, "birth_era", row->birth.era);
    assay_json_set_uint(data, "birth_epoch", row->birth.epoch);
    assay_json_set_uint(data, "lease", row->lease);
    assay_json_set_uint(data, "shown", row->shown);
    assay_json_set_uint(data, "renewed", row->renewed);
    assay_json_set_hex(data, "curve", row->contact.curve, 32);
}

static int print_seen(const struct seen *s, bool json)
{
    struct assay_json *const data = assay_json_object();
    assay_json_set_hex(data, "instance", s->evidence.instance, 32);
    assay_json_set_uint(data, "group", s->evidence.group);
    assay_json_set_bool(data, "has_row", s->row.has_row);
    if (s->row.has_row) put_row(data, &s->row.row);
    assay_json_set_uint(data, "rows", s->rows.count);
    assay_json_set_uint(data, "evidence_bytes", s->len);
    assay_json_set_uint(data, "head_bytes", s->evidence.head.len);
    assay_json_set_uint(data, "row_bytes", s->evidence.row.len);
    assay_json_set_bool(data, "proven", s->is_proven);
    if (s->is_proven) {
        assay_json_set_bool(data, "age_known", s->has_age);
        assay_json_set_uint(data, "era", s->network.next.era);
        assay_json_set_uint(data, "closed_epoch", s->network.next.epoch);
        assay_json_set_uint(data, "time_ms", s->network.time_ms);
    }
    return cli_view_result(json, "assay.instance", data, seen_view);
}

/* --- believing */

static int report_error(const char *command, const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s: not trusted: %s\n", command, what, why);
    return ASSAY_EXIT_DENIED;
}

static const char *fault_of(enum assay_status status)
{
    if (status == ASSAY_E_NOT_FOUND) return "its head is no document of the state that is proven";
    if (status == ASSAY_E_INVALID || status == ASSAY_E_RANGE)
        return "its row does not stand under the root of the head";
    if (status == ASSAY_E_STRANGER) return "its rows prove nothing of this instance";
    if (status == ASSAY_E_CHAIN) return "its head is of another group";
    return NULL;
}

/* Returns: an enum assay_exit */
static int verify_answer(const char *command, const char *what, const struct asked *a,
                         const struct assay_checkpoint *checkpoint, struct seen *s)
{
    enum assay_proof_answer answer = ASSAY_PROVEN;
    uint64_t now_ms = 0;
    uint32_t max_age_s = 0;
    const int result = cli_proof_times(&a->time, &max_age_s, &now_ms);
    if (result != ASSAY_EXIT_OK) return result;
    enum assay_status status = ASSAY_OK;
    if (checkpoint == NULL) status = assay_row_evidence_read(&s->evidence, &s->row);
    else
        status = assay_row_evidence_verify(&s->evidence, checkpoint, &answer, &s->network, &s->row);
    if (status == ASSAY_OK && checkpoint != NULL && answer == ASSAY_PROVEN)
        answer = assay_proof_age(checkpoint, &s->network, now_ms, max_age_s);
    if (status == ASSAY_OK)
        status = assay_cont_rows_read(s->evidence.group, s->evidence.head, &s->rows);
    if (status != ASSAY_OK) {
        const char *why = fault_of(status);
        return report_error(command, what, why != NULL ? why : assay_status_text(status));
    }
    s->is_proven = checkpoint != NULL;
    s->has_age = answer == ASSAY_PROVEN;
    if (answer == ASSAY_PROVEN || answer == ASSAY_PROOF_AGE_UNKNOWN) return ASSAY_EXIT_OK;
    return report_error(command, what, assay_proof_answer_text(answer));
}

/* It is about what was asked for. Returns: an enum assay_exit */
static int check_about(const char *command, const char *what, const struct asked *a,
                       const struct seen *s)
{
    uint8_t instance[32];
    if (a->instance == NULL) return ASSAY_EXIT_OK;
    if (strlen(a->instance) != 64 || assay_hex_decode(a->instance, 64, instance, 32) != ASSAY_OK)
        return cli_misuse("an instance has 64 hexadecimal digits, \"%s\" has not", a->instance);
    if (assay_bytes_equal(instance, s->evidence.instance, 32)) return ASSAY_EXIT_OK;
    return report_error(command, what, "it is about another instance");
}

/* Decodes, verifies, prints. Returns: an enum assay_exit */
static int print_answer(const char *command, const char *what, const struct asked *a,
                        struct assay_slice bytes)
{
    static struct seen seen;
    struct assay_checkpoint checkpoint;
    int result = ASSAY_EXIT_OK;
    seen = (struct seen){ .len = bytes.len };
    if (a->checkpoint != NULL) result = cli_proof_checkpoint(command, a->checkpoint, &checkpoint);
    if (result != ASSAY_EXIT_OK) return result;
    if (assay_row_evidence_decode(bytes, &seen.evidence) != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s: it is no evidence of an instance\n", command, what);
        return ASSAY_EXIT_MALFORMED;
    }
    result = check_about(command, what, a, &seen);
    if (result == ASSAY_EXIT_OK)
        result = verify_answer(command, what, a, a->checkpoint != NULL ? &checkpoint : NULL, &seen);
    if (result == ASSAY_EXIT_OK && a->out != NULL)
        result = cli_output_write(command, a->out, ASSAY_FILE_PUBLIC, bytes);
    if (result != ASSAY_EXIT_OK) return result;
    result = print_seen(&seen, a->q.json);
    if (result != ASSAY_EXIT_OK) return result;
    if (seen.is_proven && !seen.has_age) {
        (void)fprintf(stderr, "%s: %s: %s\n", command, what,
                      assay_proof_answer_text(ASSAY_PROOF_AGE_UNKNOWN));
        return ASSAY_EXIT_AGE_UNKNOWN;
    }
    return seen.row.has_row ? ASSAY_EXIT_OK : ASSAY_EXIT_NOT_FOUND;
}

/* --- verbs */

static int run_show(struct asked *a)
{
    static const char command[] = "assay continuity show";
    struct assay_json *document = NULL;
    uint8_t *bytes = NULL;
    a->instance = a->word;
    const char *group = a->group != NULL ? a->group : "0";
    if (strlen(a->instance) != 64 || strspn(a->instance, "0123456789abcdefABCDEF") != 64)
        return cli_misuse("INSTANCE has 64 hexadecimal digits, \"%s\" has not", a->instance);
    if (strpbrk(group, " \n") != NULL) return cli_misuse("--group is a name or a number");
    int result = cli_daemon_get_document(&a->q, &document, "row %s %s", group, a->instance);
    if (result != ASSAY_EXIT_OK) return result;
    const char *hex = assay_json_text(assay_json_get(document, "data"), "evidence", "");
    const size_t len = strlen(hex) / 2;
    bytes = malloc(len + 1);
    result = ASSAY_EXIT_INTERNAL;
    if (bytes != NULL && assay_hex_decode(hex, 2 * len, bytes, len) == ASSAY_OK)
        result = print_answer(command, a->q.socket, a, assay_slice_over(bytes, len));
    free(bytes);
    assay_json_free(&document);
    return result;
}

static int run_verify(const struct asked *a)
{
    static const char command[] = "assay continuity verify";
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char *path = a->word;
    const enum assay_status status =
        assay_file_read(path, ASSAY_ROW_EVIDENCE_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", command, path, cli_file_fault(path, status));
        return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_MALFORMED;
    }
    const int result = print_answer(command, path, a, assay_slice_over(bytes, len));
    free(bytes);
    return result;
}

int cli_command_continuity(int argc, char **argv)
{
    struct asked a = { .q = cli_daemon_request("continuity"), .wait_s = 600 };
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(&a.q),
        ASSAY_PROOF_TIME_TARGETS(&a.time),
        { "group", .text = &a.group },
        { "instance", .text = &a.instance },
        { "out", .text = &a.out },
        { "checkpoint", .text = &a.checkpoint },
        { "evidence", .text = &a.evidence },
        { "nonce", .text = &a.nonce },
        { "wait", .number = &a.wait_s, .low = 0, .high = 86400, .unit = "seconds" },
        { .name = NULL },
    };
    const char *const verb = argv[1];
    const int read = cli_options_read(argc, argv, targets);
    if (read >= 0) return read;
    a.word = argv[2];
    if (strcmp(verb, "show") == 0) return run_show(&a);
    if (strcmp(verb, "verify") == 0) return run_verify(&a);
    if (strcmp(verb, "drain") == 0) return cli_services_drain(&a.q, a.group, (uint32_t)a.wait_s);
    if (strcmp(verb, "receipt") == 0)
        return cli_services_receipt(&(struct cli_services_receipt){ .path = a.word,
                                                                    .checkpoint = a.checkpoint,
                                                                    .evidence = a.evidence,
                                                                    .nonce = a.nonce,
                                                                    .instance = a.instance,
                                                                    .time = a.time,
                                                                    .json = a.q.json });
    return cli_services_groups(&a.q, a.group);
}
