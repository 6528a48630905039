/*
 * apps/api/keys.c - libassay-keys: registration of workload keys with the enclave program of this
 * machine (include/assay/keys.h).
 */
#include "base/cursor.h"
#include "net/keys/registration/registration_client.h"

#include <assay/keys.h>

#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS_MAX = 60000, SHORT_DER_MAX = 127 };

_Static_assert((int)ASSAY_WORKLOAD_TLS == (int)ASSAY_PURPOSE_TLS, "one number");
_Static_assert((int)ASSAY_WORKLOAD_TOKEN == (int)ASSAY_PURPOSE_TOKEN, "one number");
_Static_assert((int)ASSAY_WORKLOAD_SSH == (int)ASSAY_PURPOSE_SSH, "one number");
_Static_assert(ASSAY_WORKLOAD_AUDIENCES_MAX == (int)ASSAY_DECLARED_KEY_AUDIENCES_MAX, "one bound");
_Static_assert(sizeof((struct assay_workload_key_answer){ 0 }.message) ==
                   ASSAY_REGISTRATION_MESSAGE_LEN,
               "one length");

/* ------------------------------------------------------------ signatures */

/* Of the one encoding of each kind (docs/identity.md 6.1). */
enum { ED25519_SPKI_LEN = 44, P256_SPKI_LEN = 91, P384_SPKI_LEN = ASSAY_DECLARED_KEY_SPKI_MAX };

/* The length of r, or of s, in the form of the ledger. Returns: 0 of Ed25519 */
static size_t half_len_of(size_t key_len)
{
    if (key_len == P256_SPKI_LEN) return ASSAY_P256_SIGNATURE_LEN / 2;
    return key_len == P384_SPKI_LEN ? ASSAY_P384_SIGNATURE_LEN / 2 : 0;
}

/* One positive INTEGER of DER, as `size` bytes. */
static enum assay_status read_integer(struct assay_cursor *c, size_t size, uint8_t *out)
{
    uint8_t tag = 0, len = 0;
    struct assay_slice number;
    ASSAY_TRY(assay_cursor_u8(c, &tag));
    ASSAY_TRY(assay_cursor_u8(c, &len));
    if (tag != 0x02 || len == 0 || len > SHORT_DER_MAX) return ASSAY_E_ENCODING;
    ASSAY_TRY(assay_cursor_slice(c, len, &number));
    if (number.bytes[0] == 0 && number.len > 1)
        number = assay_slice_over(number.bytes + 1, number.len - 1);
    if (number.len > size) return ASSAY_E_RANGE;
    (void)memset(out, 0, size - number.len);
    assay_bytes_copy(out + (size - number.len), number.len, number.bytes, number.len);
    return ASSAY_OK;
}

/* ECDSA-Sig-Value (RFC 3279 2.2.3) as r | s. */
static enum assay_status read_der(struct assay_slice der, size_t half,
                                  uint8_t signature[static ASSAY_DECLARED_KEY_PROOF_MAX])
{
    struct assay_cursor c = assay_cursor_over(der.bytes, der.len);
    uint8_t tag = 0, len = 0;
    ASSAY_TRY(assay_cursor_u8(&c, &tag));
    ASSAY_TRY(assay_cursor_u8(&c, &len));
    if (tag != 0x30 || len > SHORT_DER_MAX || len != assay_cursor_left(&c)) return ASSAY_E_ENCODING;
    ASSAY_TRY(read_integer(&c, half, signature));
    ASSAY_TRY(read_integer(&c, half, signature + half));
    return assay_cursor_end(&c);
}

static enum assay_status sign_message(void *context, struct assay_slice message,
                                      uint8_t signature[static ASSAY_DECLARED_KEY_PROOF_MAX],
                                      size_t *len)
{
    const struct assay_workload_key *const request = context;
    const size_t half = half_len_of(request->key_len);
    uint8_t made[ASSAY_WORKLOAD_SIGNATURE_MAX];
    size_t made_len = 0;
    if (!request->sign(request->context, message.bytes, message.len, made, &made_len) ||
        made_len > sizeof made)
        return ASSAY_E_CRYPTO;
    if (half == 0) {
        if (made_len != ASSAY_ED25519_SIGNATURE_LEN) return ASSAY_E_CRYPTO;
        assay_bytes_copy(signature, ASSAY_DECLARED_KEY_PROOF_MAX, made, made_len);
        *len = made_len;
        return ASSAY_OK;
    }
    *len = 2 * half;
    return read_der(assay_slice_over(made, made_len), half, signature) == ASSAY_OK ? ASSAY_OK
                                                                                   : ASSAY_E_CRYPTO;
}

/* ------------------------------------------------------------ the request */

static struct assay_slice slice_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

static struct assay_declared_key key_of(const struct assay_workload_key *request)
{
    struct assay_declared_key key = { .purpose = (enum assay_declared_purpose)request->purpose,
                                      .name = slice_of(request->name),
                                      .audience_count = (uint32_t)request->audience_count,
                                      .spki = assay_slice_over(request->key, request->key_len) };
    for (size_t i = 0; i < request->audience_count; i++)
        key.audiences[i] = slice_of(request->audiences[i]);
    return key;
}

static enum assay_status refuse_key(enum assay_status status,
                                    char reason[static ASSAY_REGISTRATION_REASON_LEN],
                                    const char *text)
{
    (void)snprintf(reason, ASSAY_REGISTRATION_REASON_LEN, "%s", text);
    return status;
}

static enum assay_status make_statement(void *context, const struct assay_registration_boot *boot,
                                        struct assay_registration_statement *statement,
                                        char reason[static ASSAY_REGISTRATION_REASON_LEN])
{
    struct assay_workload_key request = *(const struct assay_workload_key *)context;
    const struct assay_declared_key key = key_of(&request);
    if (!assay_bytes_equal(boot->chain_id, request.chain_id, 32))
        return refuse_key(
            ASSAY_E_KEY, reason,
            "the enclave is of another network than chain_id names: nothing was signed");
    if (request.node_id != NULL && !assay_bytes_equal(boot->node_id, request.node_id, 32))
        return refuse_key(
            ASSAY_E_KEY, reason,
            "the enclave is of another member than node_id names: nothing was signed");
    const enum assay_status status = assay_registration_statement_make(
        &key, request.chain_id, boot->node_id, boot->boot, sign_message, &request, statement);
    if (status == ASSAY_OK) return ASSAY_OK;
    if (status == ASSAY_E_CRYPTO)
        return refuse_key(
            ASSAY_E_CRYPTO, reason,
            "sign returned false, or another signature than key has: expected ECDSA in "
            "DER, or 64 bytes of Ed25519");
    (void)snprintf(reason, ASSAY_REGISTRATION_REASON_LEN,
                   "the key cannot be registered (%s): expected a name and audiences of "
                   "docs/identity.md 6.1, and a SubjectPublicKeyInfo of P-256, P-384 or Ed25519",
                   assay_status_text(status));
    return ASSAY_E_INVALID;
}

/* Returns: status, with the reason in the answer. */
static enum assay_status refuse_request(struct assay_workload_key_answer *answer,
                                        enum assay_status status, const char *reason)
{
    (void)snprintf(answer->message, sizeof answer->message, "%s", reason);
    return status;
}

static enum assay_status check_size(const struct assay_workload_key *request,
                                    struct assay_workload_key_answer *answer)
{
    const uint8_t *const bytes = (const uint8_t *)request;
    if (request->size < sizeof *request)
        return refuse_request(answer, ASSAY_E_INVALID, "size: expected that of the structure");
    for (size_t i = sizeof *request; i < request->size; i++)
        if (bytes[i] != 0)
            return refuse_request(answer, ASSAY_E_UNSUPPORTED,
                                  "size: members of a later version of the library are set");
    return ASSAY_OK;
}

/* Also of what is withdrawn. `holder` is the purpose of assay-signer alone. */
static enum assay_status check_name(enum assay_workload_purpose purpose, const char *name,
                                    struct assay_workload_key_answer *answer)
{
    if (purpose != ASSAY_WORKLOAD_TLS && purpose != ASSAY_WORKLOAD_TOKEN &&
        purpose != ASSAY_WORKLOAD_SSH)
        return refuse_request(answer, ASSAY_E_INVALID,
                              "purpose: expected TLS (1), token (3) or SSH (4)");
    if (name == NULL || !assay_declared_key_name_is_fit(slice_of(name)))
        return refuse_request(
            answer, ASSAY_E_INVALID,
            "name: expected a DNS label: a-z, 0-9 and - inside, at most 63 characters");
    return ASSAY_OK;
}

static enum assay_status check_audiences(const struct assay_workload_key *request,
                                         struct assay_workload_key_answer *answer)
{
    if (request->audience_count > ASSAY_WORKLOAD_AUDIENCES_MAX ||
        (request->audience_count > 0 && request->audiences == NULL))
        return refuse_request(answer, ASSAY_E_INVALID, "audiences: expected at most 4 texts");
    for (size_t i = 0; i < request->audience_count; i++)
        if (request->audiences[i] == NULL)
            return refuse_request(answer, ASSAY_E_INVALID, "audiences: one of them is NULL");
    return ASSAY_OK;
}

static enum assay_status check_timeout(uint32_t timeout_ms,
                                       struct assay_workload_key_answer *answer)
{
    return timeout_ms <= TIMEOUT_MS_MAX
               ? ASSAY_OK
               : refuse_request(answer, ASSAY_E_RANGE, "timeout_ms: expected at most 60000");
}

static enum assay_status check_request(const struct assay_workload_key *request,
                                       struct assay_workload_key_answer *answer)
{
    if (request == NULL)
        return refuse_request(answer, ASSAY_E_INVALID, "request: expected one, not NULL");
    ASSAY_TRY(check_size(request, answer));
    ASSAY_TRY(check_name(request->purpose, request->name, answer));
    if (request->socket_path == NULL || request->chain_id == NULL || request->sign == NULL)
        return refuse_request(answer, ASSAY_E_INVALID, "expected socket_path, chain_id and sign");
    if (request->key == NULL ||
        (request->key_len != ED25519_SPKI_LEN && request->key_len != P256_SPKI_LEN &&
         request->key_len != P384_SPKI_LEN))
        return refuse_request(
            answer, ASSAY_E_INVALID,
            "key: expected SubjectPublicKeyInfo (DER) of P-256, P-384 or Ed25519");
    ASSAY_TRY(check_audiences(request, answer));
    return check_timeout(request->timeout_ms, answer);
}

/* ------------------------------------------------------------ the answer */

static enum assay_status read_refusal(const struct assay_registration_client *client,
                                      struct assay_workload_key_answer *answer)
{
    static const enum assay_status passing[] = { ASSAY_E_RATE, ASSAY_E_STALE };
    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (assay_registration_client_is_refused_with(client, passing[i])) answer->may_pass = true;
    if (assay_registration_client_is_refused_with(client, ASSAY_E_DUPLICATE) ||
        assay_registration_client_is_refused_with(client, ASSAY_E_STRANGER))
        return ASSAY_E_DUPLICATE;
    return assay_registration_client_is_refused_with(client, ASSAY_E_FULL) ? ASSAY_E_FULL
                                                                           : ASSAY_E_INVALID;
}

static enum assay_status status_of(const struct assay_registration_client *client,
                                   enum assay_registration_outcome outcome,
                                   struct assay_workload_key_answer *answer)
{
    switch (outcome) {
    case ASSAY_REGISTRATION_DONE: return ASSAY_OK;
    case ASSAY_REGISTRATION_NOT_MADE: return assay_registration_client_made(client);
    case ASSAY_REGISTRATION_REFUSED: return read_refusal(client, answer);
    case ASSAY_REGISTRATION_NONE:
    case ASSAY_REGISTRATION_UNREACHABLE:
    case ASSAY_REGISTRATION_NOT_READY: break;
    }
    answer->may_pass = true;
    return ASSAY_E_NOT_FOUND;
}

static void fill_answer(const struct assay_registration_client *client, const char *message,
                        struct assay_workload_key_answer *answer)
{
    const struct assay_registration_boot *const boot = assay_registration_client_boot(client);
    assay_bytes_copy(answer->boot, 32, boot->boot, 32);
    assay_bytes_copy(answer->chain_id, 32, boot->chain_id, 32);
    assay_bytes_copy(answer->node_id, 32, boot->node_id, 32);
    answer->count = assay_registration_client_count(client);
    answer->is_new = answer->count > 0;
    (void)snprintf(answer->message, sizeof answer->message, "%s", message);
}

static enum assay_status clear_answer(struct assay_workload_key_answer *answer)
{
    if (answer == NULL || answer->size < sizeof *answer) return ASSAY_E_INVALID;
    *answer = (struct assay_workload_key_answer){ .size = sizeof *answer };
    return ASSAY_OK;
}

static enum assay_status create_client(const struct assay_registration_config *config,
                                       struct assay_workload_key_answer *answer,
                                       struct assay_registration_client **client)
{
    const enum assay_status status = assay_registration_client_create(config, client);
    if (status == ASSAY_E_RANGE)
        return refuse_request(answer, status,
                              "socket_path: longer than that of a UNIX socket may be");
    return status == ASSAY_OK ? status : refuse_request(answer, status, "no memory");
}

enum assay_status assay_workload_key_register(const struct assay_workload_key *request,
                                              struct assay_workload_key_answer *answer)
{
    struct assay_registration_client *client = NULL;
    ASSAY_TRY(clear_answer(answer));
    ASSAY_TRY(check_request(request, answer));
    struct assay_workload_key copy = *request;
    const struct assay_registration_config config = { .path = request->socket_path,
                                                      .timeout_ms = request->timeout_ms,
                                                      .make = make_statement,
                                                      .context = &copy };
    ASSAY_TRY(create_client(&config, answer, &client));
    if (request->boot != NULL) assay_registration_client_resume(client, request->boot);
    const enum assay_status status =
        status_of(client, assay_registration_client_run(client), answer);
    fill_answer(client, status == ASSAY_OK ? "" : assay_registration_client_message(client),
                answer);
    assay_registration_client_destroy(&client);
    return status;
}

enum assay_status assay_workload_key_withdraw(const char *socket_path,
                                              enum assay_workload_purpose purpose, const char *name,
                                              uint32_t timeout_ms,
                                              struct assay_workload_key_answer *answer)
{
    struct assay_registration_client *client = NULL;
    char which[ASSAY_DECLARED_KEY_NAME_MAX + 16];
    ASSAY_TRY(clear_answer(answer));
    ASSAY_TRY(check_name(purpose, name, answer));
    if (socket_path == NULL) return refuse_request(answer, ASSAY_E_INVALID, "expected socket_path");
    ASSAY_TRY(check_timeout(timeout_ms, answer));
    (void)snprintf(which, sizeof which, "%s %s",
                   assay_declared_purpose_text((enum assay_declared_purpose)purpose), name);
    const struct assay_registration_config config = { .path = socket_path,
                                                      .timeout_ms = timeout_ms,
                                                      .withdraw = which };
    ASSAY_TRY(create_client(&config, answer, &client));
    const enum assay_registration_outcome outcome = assay_registration_client_run(client);
    enum assay_status status = status_of(client, outcome, answer);
    if (outcome == ASSAY_REGISTRATION_REFUSED &&
        assay_registration_client_is_refused_with(client, ASSAY_E_NOT_FOUND))
        status = ASSAY_OK; /* the enclave does not have it */
    fill_answer(client, status == ASSAY_OK ? "" : assay_registration_client_message(client),
                answer);
    answer->is_new = outcome == ASSAY_REGISTRATION_DONE;
    assay_registration_client_destroy(&client);
    return status;
}
