/*
 * apps/assay/setup/genesis_sign.c - `assay genesis sign`: signature of one founding operator.
 *
 * What is signed is the chain id, the digest of everything the file fixes: read it with `assay
 * genesis show` before. Signing again replaces the operator's own signature.
 */
#include "apps/assay/setup/genesis.h"

#include "apps/assay/core/operator_key.h"
#include "apps/assay/core/result_json.h"
#include "engine/ledger/state/genesis_signing.h"

#include <stdio.h>

/* The signatures of a file with one more in it; signers ascend (engine/ledger/state/genesis.h). */
struct signatures {
    uint32_t count;
    uint32_t signers[ASSAY_OPERATORS_MAX];
    uint8_t bytes[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

/* Returns: the operator's place in the genesis; operator_count when the key is none of theirs. */
static uint32_t find_operator(const struct assay_genesis *genesis,
                              const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    uint32_t i = 0;
    while (i < genesis->operator_count &&
           !assay_bytes_equal(genesis->operators[i].public_key, public_key, ASSAY_P256_PUBLIC_LEN))
        i++;
    return i;
}

static int fail_key(const struct cli_key_fault *fault)
{
    (void)fprintf(stderr, "assay genesis sign: %s\n", fault->text);
    return fault->exit;
}

static void append_signature(struct signatures *all, uint32_t signer, const uint8_t *signature)
{
    all->signers[all->count] = signer;
    assay_bytes_copy(all->bytes[all->count], sizeof all->bytes[0], signature,
                     ASSAY_P256_SIGNATURE_LEN);
    all->count++;
}

/* Those of the file, less an older one of this operator, with the new one in its place. */
static void merge_signatures(const struct assay_genesis *genesis, uint32_t signer,
                             const uint8_t *signature, struct signatures *all)
{
    bool placed = false;
    *all = (struct signatures){ .count = 0 };
    for (uint32_t i = 0; i < genesis->signature_count; i++) {
        if (!placed && genesis->signers[i] >= signer) {
            append_signature(all, signer, signature);
            placed = true;
        }
        if (genesis->signers[i] != signer)
            append_signature(all, genesis->signers[i], genesis->signatures[i]);
    }
    if (!placed) append_signature(all, signer, signature);
}

static int sign_with(const char *path, const struct assay_genesis *genesis, const char *key,
                     struct assay_signer *key_signer)
{
    uint8_t body[ASSAY_GENESIS_SIGNING_LEN_MAX], signature[ASSAY_P256_SIGNATURE_LEN];
    struct cli_key_fault fault;
    struct signatures all;
    const uint32_t signer = find_operator(genesis, assay_signer_public(key_signer));
    if (signer == genesis->operator_count) {
        (void)fprintf(stderr, "assay genesis sign: the key is none of the %u founding operators'\n",
                      (unsigned)genesis->operator_count);
        return ASSAY_EXIT_CONFLICT;
    }
    if (!cli_operator_key_sign(key, key_signer, assay_genesis_signing_body(genesis->chain_id, body),
                               signature, &fault))
        return fail_key(&fault);
    merge_signatures(genesis, signer, signature, &all);
    const int written =
        cli_genesis_file_write("sign", path, genesis->body, all.signers,
                               (const uint8_t(*)[ASSAY_P256_SIGNATURE_LEN])all.bytes, all.count);
    if (written != ASSAY_EXIT_OK) return written;
    struct assay_json *const data =
        cli_result_json("genesis sign", (const char *const[]){ path, NULL });
    assay_json_set_hex(data, "chain_id", genesis->chain_id, sizeof genesis->chain_id);
    assay_json_set_uint(data, "signatures", all.count);
    assay_json_set_uint(data, "operators", genesis->operator_count);
    assay_json_set_uint(data, "threshold", genesis->threshold);
    return cli_result_print(data, "{files.0}: signed by {signatures} of {operators} operators, "
                                  "{threshold} needed\n");
}

int cli_genesis_sign(const char *path, const char *key_path)
{
    struct assay_where where = { 0 };
    struct assay_signer *signer = NULL;
    struct cli_key_fault fault;
    struct assay_genesis_file file;
    if (!cli_operator_key_open(key_path, &signer, &fault)) return fail_key(&fault);
    const enum assay_status status = cli_genesis_file_load(path, &file, &where);
    const int result = status == ASSAY_OK ? sign_with(path, file.genesis, key_path, signer)
                                          : cli_genesis_report_error("sign", path, status, &where);
    cli_genesis_file_free(&file);
    assay_signer_close(&signer);
    return result;
}
