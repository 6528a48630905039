/*
 * apps/signer/signer.c - signer of one operator: dispatch to file, token or agent, and verification
 * of every signature.
 */
#include "apps/signer/signer.h"

#include "apps/signer/pkcs11.h"
#include "apps/signer/ssh_agent.h"
#include "base/assert.h"
#include "base/crypto/low_s.h"
#include "net/keys/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char token_scheme[] = "pkcs11:";
static const char agent_scheme[] = "ssh-agent:";

struct assay_signer {
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256 *verifier;
    /* One of these. */
    struct assay_p256_signer *file;
    struct assay_pkcs11 *token;
    struct assay_ssh_agent *agent;
};

/* ------------------------------------------------------------ texts */

static bool has_scheme(const char *key, const char *scheme)
{
    return strncasecmp(key, scheme, strlen(scheme)) == 0;
}

bool assay_signer_is_reference(const char *key)
{
    return has_scheme(key, token_scheme) || has_scheme(key, agent_scheme);
}

const char *assay_signer_label(const char *key, char label[static ASSAY_SIGNER_LABEL_LEN])
{
    size_t len = strlen(key);
    if (!assay_signer_is_reference(key)) return key;
    if (has_scheme(key, token_scheme)) {
        const char *const pin = strcasestr(key, "pin-");
        len = strcspn(key, "?");
        if (pin != NULL && (size_t)(pin - key) < len) len = (size_t)(pin - key);
    }
    const int cut = len >= ASSAY_SIGNER_LABEL_LEN ? ASSAY_SIGNER_LABEL_LEN - 1 : (int)len;
    (void)snprintf(label, ASSAY_SIGNER_LABEL_LEN, "%.*s", cut, key);
    assay_signer_make_printable(label);
    return label;
}

/* ------------------------------------------------------------ opening */

static struct assay_signer *new_signer(struct assay_signer_fault *fault)
{
    struct assay_signer *const signer = calloc(1, sizeof *signer);
    const bool good =
        signer != NULL || assay_signer_fail(fault, ASSAY_SIGNER_INTERNAL, "out of memory");
    return good ? signer : NULL;
}

/* The point that a module or an agent names is on the curve. */
static bool load_verifier(struct assay_signer *signer, struct assay_signer_fault *fault)
{
    const enum assay_status status = assay_p256_load(signer->public_key, &signer->verifier);
    if (status == ASSAY_OK) return true;
    return assay_signer_fail(fault,
                             status == ASSAY_E_KEY ? ASSAY_SIGNER_FAULTY : ASSAY_SIGNER_INTERNAL,
                             "its public key cannot be used: %s", assay_status_text(status));
}

static bool open_reference(const char *reference, bool generates, struct assay_signer **out,
                           struct assay_signer_fault *fault)
{
    ASSAY_ASSERT(assay_signer_is_reference(reference));
    struct assay_pkcs11_uri uri;
    struct assay_signer *signer = new_signer(fault);
    *out = NULL;
    if (signer == NULL) return false;
    const bool is_token = has_scheme(reference, token_scheme);
    bool good = true;
    if (is_token)
        good = assay_pkcs11_uri_parse(reference + strlen(token_scheme), &uri, fault) &&
               assay_pkcs11_open(&uri, generates, &signer->token, signer->public_key, fault);
    else if (generates)
        good = assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "an agent generates no keys: use ssh-keygen -t ecdsa -b 256 and "
                                 "ssh-add, or the tool of the card");
    else
        good = assay_ssh_agent_open(reference + strlen(agent_scheme), ASSAY_SIGNER_ANSWER_MS,
                                    &signer->agent, signer->public_key, fault);
    good = good && load_verifier(signer, fault);
    if (good) *out = signer;
    else assay_signer_close(&signer);
    return good;
}

bool assay_signer_open(const char *reference, struct assay_signer **signer,
                       struct assay_signer_fault *fault)
{
    return open_reference(reference, false, signer, fault);
}

bool assay_signer_generate(const char *reference, struct assay_signer **signer,
                           struct assay_signer_fault *fault)
{
    return open_reference(reference, true, signer, fault);
}

enum assay_status assay_signer_open_file(const char *path, struct assay_signer **out)
{
    struct assay_secret32 secret;
    struct assay_signer *signer = calloc(1, sizeof *signer);
    *out = NULL;
    if (signer == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_keyring_operator_load(path, &secret, signer->public_key);
    if (status == ASSAY_OK) status = assay_p256_signer_load(&secret, &signer->file);
    if (status == ASSAY_OK) status = assay_p256_load(signer->public_key, &signer->verifier);
    assay_secret_wipe(&secret, sizeof secret);
    if (status == ASSAY_OK) *out = signer;
    else assay_signer_close(&signer);
    return status;
}

void assay_signer_close(struct assay_signer **signer)
{
    if (*signer == NULL) return;
    assay_p256_free(&(*signer)->verifier);
    assay_p256_signer_free(&(*signer)->file);
    assay_pkcs11_close(&(*signer)->token);
    assay_ssh_agent_close(&(*signer)->agent);
    free(*signer);
    *signer = NULL;
}

const uint8_t *assay_signer_public(const struct assay_signer *signer)
{
    return signer->public_key;
}

/* ------------------------------------------------------------ signing */

bool assay_signer_sign(struct assay_signer *signer, struct assay_slice body,
                       uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       struct assay_signer_fault *fault)
{
    uint8_t digest[ASSAY_SHA256_LEN], made[ASSAY_P256_SIGNATURE_LEN];
    assay_sha256(body.bytes, body.len, digest);
    bool good = true;
    if (signer->token != NULL) {
        good = assay_pkcs11_sign(signer->token, digest, made, fault);
    } else if (signer->agent != NULL) {
        good = assay_ssh_agent_sign(signer->agent, body, ASSAY_SIGNER_CONFIRM_MS, made, fault);
    } else {
        const enum assay_status status = assay_p256_sign(signer->file, digest, made);
        if (status != ASSAY_OK)
            good = assay_signer_fail(fault, ASSAY_SIGNER_INTERNAL, "%s", assay_status_text(status));
    }
    if (!good) return false;
    assay_p256_lower_s(made);
    if (!assay_p256_verify(signer->verifier, digest, made, ASSAY_S_LOW))
        return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                 "it returned a signature that does not verify with its public "
                                 "key; the signature is not used");
    assay_bytes_copy(signature, ASSAY_P256_SIGNATURE_LEN, made, sizeof made);
    return true;
}
