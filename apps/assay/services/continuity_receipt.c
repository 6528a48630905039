/*
 * apps/assay/services/continuity_receipt.c - `assay continuity receipt`: a receipt of an enclave's
 * state, verified offline by libassay-continuity (docs/services.md 1.8.1).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/view.h"
#include "apps/assay/services/services.h"

#include <assay/continuity.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char command[] = "assay continuity receipt";

static const char receipt_view[] =
    "instance       {instance}\n"
    "group          {group}\n"
    "state          [?index!=0 index {index}, digest {digest}|none was certified yet]\n"
    "session        {session_number} of era {session_era}[?superseded , a newer one starts]\n"
    "signed         by {signers} of {seats} replicas of view {view_number} of era {view_era}\n"
    "nonce          {nonce}[?nonce_checked |, not compared: the receipt may be of any age]\n"
    "[?halted HALTED         a quorum of the group's replicas has lost its memory\n]"
    "ledger         [?listed [?kept kept|provisional][?retired , retired]|no row]\n"
    "trusted        from the checkpoint: epoch {closed_epoch} of era {era}, closed at "
    "{time_ms:time}\n";

/* The part of a number within its era, and the era (docs/services.md 1.3.2). */
static void put_number(struct assay_json *data, const char *name, const char *number,
                       const char *era, uint64_t value)
{
    assay_json_set_uint(data, name, value);
    assay_json_set_uint(data, number, value & ((UINT64_C(1) << 40) - 1));
    assay_json_set_uint(data, era, value >> 40);
}

static struct assay_json *describe_claims(const struct cli_services_receipt *request,
                                          const struct assay_continuity_receipt_claims *k)
{
    struct assay_json *const data = assay_json_object();
    assay_json_set_bool(data, "verified", true);
    assay_json_set_hex(data, "chain_id", k->chain_id, 32);
    assay_json_set_hex(data, "instance", k->instance, 32);
    assay_json_set_uint(data, "group", k->group);
    assay_json_set_uint(data, "index", k->index);
    assay_json_set_hex(data, "digest", k->digest, 32);
    put_number(data, "session", "session_number", "session_era", k->session);
    assay_json_set_uint(data, "promised", k->promised);
    assay_json_set_bool(data, "superseded", k->promised > k->session);
    put_number(data, "view", "view_number", "view_era", k->view);
    assay_json_set_uint(data, "signers", k->signers);
    assay_json_set_uint(data, "seats", k->seats);
    assay_json_set_hex(data, "nonce", k->nonce, 32);
    assay_json_set_bool(data, "nonce_checked", request->nonce != NULL);
    assay_json_set_bool(data, "listed", k->is_listed != 0);
    assay_json_set_bool(data, "kept", k->is_kept != 0);
    assay_json_set_bool(data, "retired", k->is_retired != 0);
    assay_json_set_bool(data, "halted", k->is_halted != 0);
    assay_json_set_bool(data, "age_known", k->age_known != 0);
    assay_json_set_uint(data, "era", k->era);
    assay_json_set_uint(data, "closed_epoch", k->epoch);
    assay_json_set_uint(data, "time_ms", k->time_ms);
    return data;
}

/* Returns: an enum assay_exit */
static int exit_of(enum assay_continuity_receipt_answer answer)
{
    if (answer == ASSAY_CONTINUITY_RECEIPT_NOT_READ ||
        answer == ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE)
        return ASSAY_EXIT_MALFORMED;
    if (answer == ASSAY_CONTINUITY_RECEIPT_MISUSE || answer == ASSAY_CONTINUITY_RECEIPT_SYSTEM)
        return ASSAY_EXIT_INTERNAL;
    return ASSAY_EXIT_DENIED;
}

/* The file that a refusal is about. */
static const char *file_of(const struct cli_services_receipt *request,
                           enum assay_continuity_receipt_answer answer)
{
    const bool is_evidence = answer == ASSAY_CONTINUITY_RECEIPT_BAD_EVIDENCE ||
                             answer == ASSAY_CONTINUITY_RECEIPT_NOT_PROVEN ||
                             answer == ASSAY_CONTINUITY_RECEIPT_EXPIRED;
    return is_evidence ? request->evidence : request->path;
}

static int report_refusal(const struct cli_services_receipt *request,
                          enum assay_continuity_receipt_answer answer, const char *reason)
{
    const char *const name = assay_continuity_receipt_name(answer);
    (void)fprintf(stderr, "%s: %s: refused: %s: %s (%s)\n", command, file_of(request, answer), name,
                  reason, assay_continuity_receipt_describe(answer));
    if (!request->json) return exit_of(answer);
    struct assay_json *const data = assay_json_object();
    assay_json_set_bool(data, "verified", false);
    assay_json_set_text(data, "answer", name);
    assay_json_set_text(data, "reason", reason);
    const int printed = cli_view_result(true, "assay.receipt", data, receipt_view);
    return printed == ASSAY_EXIT_OK ? exit_of(answer) : printed;
}

static int read_input(const char *path, size_t len_max, uint8_t **bytes, size_t *len)
{
    const enum assay_status status = assay_file_read(path, len_max, bytes, len);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s: %s\n", command, path, cli_file_fault(path, status));
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_MALFORMED;
}

/* Out: *digest points to bytes, or stays NULL. */
static int read_digest(const char *option, const char *text, uint8_t bytes[static 32],
                       const uint8_t **digest)
{
    if (text == NULL) return ASSAY_EXIT_OK;
    *digest = bytes;
    if (strlen(text) == 64 && assay_hex_decode(text, 64, bytes, 32) == ASSAY_OK)
        return ASSAY_EXIT_OK;
    return cli_misuse("--%s: expected 64 hexadecimal digits, found \"%s\"", option, text);
}

static int verify_input(const struct cli_services_receipt *request,
                        const struct assay_continuity_receipt_input *input)
{
    struct assay_continuity_receipt_claims claims = { .size = sizeof claims };
    const enum assay_continuity_receipt_answer answer =
        assay_continuity_receipt_verify(input, &claims);
    if (answer != ASSAY_CONTINUITY_RECEIPT_VERIFIED)
        return report_refusal(request, answer, claims.reason);
    const int printed = cli_view_result(request->json, "assay.receipt",
                                        describe_claims(request, &claims), receipt_view);
    if (printed != ASSAY_EXIT_OK || claims.age_known != 0) return printed;
    (void)fprintf(stderr, "%s: %s: %s\n", command, request->evidence,
                  assay_proof_answer_text(ASSAY_PROOF_AGE_UNKNOWN));
    return ASSAY_EXIT_AGE_UNKNOWN;
}

int cli_services_receipt(const struct cli_services_receipt *request)
{
    struct assay_continuity_receipt_input input = { .size = sizeof input };
    struct assay_checkpoint checkpoint;
    uint8_t trusted[ASSAY_CHECKPOINT_LEN_MAX], nonce[32], instance[32];
    uint8_t *receipt = NULL, *evidence = NULL;
    int result = read_digest("nonce", request->nonce, nonce, &input.nonce);
    if (result == ASSAY_EXIT_OK)
        result = read_digest("instance", request->instance, instance, &input.instance);
    if (result == ASSAY_EXIT_OK)
        result = cli_proof_times(&request->time, &input.max_age_s, &input.now_ms);
    if (result == ASSAY_EXIT_OK)
        result = cli_proof_checkpoint(command, request->checkpoint, &checkpoint);
    if (result == ASSAY_EXIT_OK)
        result =
            read_input(request->path, ASSAY_CONTINUITY_RECEIPT_MAX, &receipt, &input.receipt_len);
    if (result == ASSAY_EXIT_OK)
        result = read_input(request->evidence, ASSAY_CONTINUITY_EVIDENCE_MAX, &evidence,
                            &input.evidence_len);
    if (result == ASSAY_EXIT_OK) {
        struct assay_writer w = assay_writer_over(trusted, sizeof trusted);
        const enum assay_status encoded = assay_checkpoint_encode(&checkpoint, &w);
        ASSAY_ASSERT(encoded == ASSAY_OK);
        input.checkpoint = trusted;
        input.checkpoint_len = w.len;
        input.receipt = receipt;
        input.evidence = evidence;
        result = verify_input(request, &input);
    }
    free(receipt);
    free(evidence);
    return result;
}
