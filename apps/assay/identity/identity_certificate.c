/*
 * apps/assay/identity/identity_certificate.c - certificates of `assay identity fetch`: what is
 * verified of a node's answer, and whether it may replace what is in place (docs/identity.md 11.3).
 */
#include "apps/assay/core/command.h"
#include "apps/assay/identity/identity_fetch.h"
#include "apps/assay/identity/identity_folder.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "engine/ledger/proofs/checkpoint.h"
#include "quote/x509.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DER_MAX = 4096,
    CERTIFICATES_MAX = 4, /* that are read of a file */
    CHAIN_MAX = 2,        /* the leaf, and during a rollover the cross certificate */
};

/* Certificates, read from PEM. */
struct chain {
    size_t count;
    struct assay_slice certificate[CERTIFICATES_MAX]; /* in der */
    uint8_t der[CERTIFICATES_MAX][DER_MAX];
};

/* What is behind the first certificates is not looked at. */
static void read_chain(struct assay_slice text, struct chain *chain)
{
    struct assay_slice label;
    size_t len = 0;
    chain->count = 0;
    while (chain->count < CERTIFICATES_MAX &&
           assay_pem_next(&text, &label, chain->der[chain->count], DER_MAX, &len) == ASSAY_OK &&
           assay_slice_equal(label, assay_slice_over("CERTIFICATE", strlen("CERTIFICATE")))) {
        chain->certificate[chain->count] = assay_slice_over(chain->der[chain->count], len);
        chain->count++;
    }
}

static struct assay_svid_terms terms_of(const struct cli_identity_fetch *f)
{
    return (struct assay_svid_terms){ .chain_id = f->chain_id,
                                      .node_id = f->node_id,
                                      .standing_worst = ASSAY_STANDING_WARNING,
                                      .accepts_insecure = f->accepts_insecure,
                                      .skew_s = CLI_IDENTITY_SKEW_S,
                                      .at_unix_s = (int64_t)(assay_unix_ms() / 1000) };
}

static bool is_of_key(const struct cli_identity_fetch *f, const struct assay_svid *svid)
{
    return svid->spki_len == sizeof f->key.spki &&
           assay_bytes_equal(svid->spki, f->key.spki, sizeof f->key.spki) &&
           strcmp(svid->name, f->name) == 0;
}

static int refuse_authorities(const struct cli_identity_fetch *f,
                              const struct cli_identity_trust *trust, enum assay_status status)
{
    const char *const why =
        f->svid->why[0] != '\0' ? f->svid->why : "no CA certificates can be read";
    if (status == ASSAY_E_KEY)
        return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED,
                                 "%s: expected CA certificates of a network, which are of Ed25519 "
                                 "(assay ca bundle): %s",
                                 trust->from, why);
    return cli_identity_fail(f, ASSAY_EXIT_CONTRAINDICATED, "%s: %s (%s)", trust->from, why,
                             assay_status_text(status));
}

int cli_identity_check_expiry(const struct cli_identity_fetch *f, const char *what)
{
    char ends[ASSAY_RFC3339_LEN + 1], now[ASSAY_RFC3339_LEN + 1];
    const int64_t now_s = (int64_t)(assay_unix_ms() / 1000);
    if (f->svid->not_after_s > now_s) return ASSAY_EXIT_OK;
    assay_rfc3339_format(f->svid->not_after_s, ends);
    assay_rfc3339_format(now_s, now);
    return cli_identity_fail_node(f, ASSAY_EXIT_CONTRAINDICATED,
                                  "the %s was valid until %s, and this machine's date is %s", what,
                                  ends, now);
}

/* By a CA certificate that the operator named or that was proven, of this key, name, member and
 * network. */
static int verify_certificate(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                              const struct chain *chain)
{
    const struct assay_svid_terms terms = terms_of(f);
    if (chain->count == 0)
        return cli_identity_fail_node(f, ASSAY_EXIT_CONTRAINDICATED, "no certificate can be read");
    const enum assay_status status =
        assay_svid_verify_chain(&terms, trust->ca, chain->certificate, 1, f->svid);
    if (status != ASSAY_OK) return refuse_authorities(f, trust, status);
    if (f->svid->answer != ASSAY_IDENTITY_VALID)
        return cli_identity_fail_node(f, ASSAY_EXIT_CONTRAINDICATED,
                                      "the certificate does not verify under %s: %s%s", trust->from,
                                      f->svid->why,
                                      f->svid->answer == ASSAY_IDENTITY_INSECURE
                                          ? "; for trials, --accept-insecure accepts it"
                                          : "");
    if (!is_of_key(f, f->svid))
        return cli_identity_fail_node(
            f, ASSAY_EXIT_CONTRAINDICATED,
            "the certificate is of another key: another program has the name \"%s\"", f->name);
    return cli_identity_check_expiry(f, "certificate");
}

bool cli_identity_stays(const struct assay_svid *placed, const struct assay_svid *issued)
{
    return placed->issued_s > issued->issued_s ||
           assay_bytes_equal(placed->serial, issued->serial, sizeof placed->serial);
}

/* Out: chain: what is in place; empty: nothing */
static void read_placed(const struct cli_identity_fetch *f, struct chain *chain)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int path_len = snprintf(path, sizeof path, "%s/current/cert.pem", f->dir);
    chain->count = 0;
    if (path_len > 0 && path_len < PATH_MAX &&
        assay_file_read(path, CLI_IDENTITY_PEM_LEN_MAX, &bytes, &len) == ASSAY_OK)
        read_chain(assay_slice_over(bytes, len), chain);
    free(bytes);
}

/* A valid certificate of this key in the folder that is as new as that of the node, which is behind
 * or lies, stays. Out: f->svid: of the one in place, if it stays */
static bool prefer_placed(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                          const struct chain *placed)
{
    const struct assay_svid_terms terms = terms_of(f);
    struct assay_svid *svid = placed->count > 0 ? calloc(1, sizeof *svid) : NULL;
    if (svid == NULL) return false;
    const bool stays =
        assay_svid_verify_chain(&terms, trust->ca, placed->certificate, 1, svid) == ASSAY_OK &&
        svid->answer == ASSAY_IDENTITY_VALID && is_of_key(f, svid) &&
        svid->not_after_s > terms.at_unix_s && cli_identity_stays(svid, f->svid);
    if (stays) {
        struct assay_svid *const issued = f->svid;
        f->svid = svid;
        svid = issued;
    }
    free(svid);
    return stays;
}

/* docs/identity.md 11.3: the cross certificate in place stays while it verifies for the leaf, so
 * that a node which leaves it out changes nothing; else that of the node, or of the CA proof. In:
 * chain[0]. Out: chain[1]. Returns: the certificates of the chain */
static size_t choose_cross(struct cli_identity_fetch *f, const struct chain *placed,
                           const struct chain *issued, const struct chain *proven,
                           struct assay_slice chain[static CHAIN_MAX])
{
    const struct assay_svid_terms terms = terms_of(f);
    const struct chain *const from[] = { placed, issued, proven };
    for (size_t i = 0; i < sizeof from / sizeof from[0]; i++)
        for (size_t at = from[i] == proven ? 0 : 1; at < from[i]->count; at++) {
            chain[1] = from[i]->certificate[at];
            if (assay_svid_is_cross(&terms, chain, CHAIN_MAX, f->svid)) return CHAIN_MAX;
        }
    return 1;
}

/* Of what was verified, and nothing else of the node's text. Returns: its length */
static size_t encode_chain(const struct assay_slice *chain, size_t count, uint8_t *pem,
                           size_t capacity)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        const enum assay_status status = assay_pem_put("CERTIFICATE", chain[i].bytes, chain[i].len,
                                                       pem + total, capacity - total, &len);
        ASSAY_ASSERT(status == ASSAY_OK);
        total += len;
    }
    return total;
}

static int swap_set(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                    const struct assay_slice *chain, size_t count, bool *is_new)
{
    char key[CLI_IDENTITY_PEM_MAX], message[CLI_IDENTITY_FOLDER_MESSAGE_LEN];
    uint8_t pem[2 * CHAIN_MAX * DER_MAX];
    const size_t pem_len = encode_chain(chain, count, pem, sizeof pem);
    const size_t len = cli_identity_key_encode(&f->key, key);
    const struct cli_identity_set set = { .key = assay_slice_over(key, len),
                                          .chain = assay_slice_over(pem, pem_len),
                                          .ca = trust->ca,
                                          .bundle = trust->bundle,
                                          .serial = f->svid->serial };
    const enum assay_status status = cli_identity_folder_swap(f->dir, &set, is_new, message);
    assay_secret_wipe(key, sizeof key);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_identity_fail(f, ASSAY_EXIT_INTERNAL, "%s", message);
}

/* In: f->svid: of the leaf, which is the first one of `placed` or of `issued` */
static int place_set(struct cli_identity_fetch *f, const struct cli_identity_trust *trust,
                     const struct chain *placed, const struct chain *issued, bool is_placed,
                     bool *is_new)
{
    const struct chain *const used = is_placed ? placed : issued;
    ASSAY_ASSERT(used->count > 0); /* its leaf was verified */
    struct assay_slice chain[CHAIN_MAX] = { used->certificate[0] };
    struct chain proven;
    read_chain(trust->cross, &proven);
    const size_t count = choose_cross(f, placed, issued, &proven, chain);
    return swap_set(f, trust, chain, count, is_new);
}

int cli_identity_use_certificate(struct cli_identity_fetch *f,
                                 const struct cli_identity_trust *trust, bool *is_new)
{
    struct chain issued, placed;
    *is_new = false;
    read_chain(assay_slice_over(f->issued.pem, f->issued.len), &issued);
    const int exit = verify_certificate(f, trust, &issued);
    if (exit != ASSAY_EXIT_OK) return exit;
    read_placed(f, &placed);
    const bool stays = prefer_placed(f, trust, &placed);
    return place_set(f, trust, &placed, &issued, stays, is_new);
}

int cli_identity_renew_authorities(struct cli_identity_fetch *f,
                                   const struct cli_identity_trust *trust, bool *is_new)
{
    struct chain placed;
    *is_new = false;
    read_placed(f, &placed);
    const int exit = verify_certificate(f, trust, &placed);
    return exit == ASSAY_EXIT_OK ? place_set(f, trust, &placed, &placed, true, is_new) : exit;
}
