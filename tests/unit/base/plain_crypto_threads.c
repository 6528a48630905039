/*
 * tests/unit/base/plain_crypto_threads.c - one loaded key and one signer in several threads.
 *
 * The verification pool shares keys. ThreadSanitizer runs this program (the tsan preset);
 * everywhere else it shows that the answers stay right.
 */
#include "base/crypto.h"

#include "tests/support/authority.h"

#include <pthread.h>
#include <stdio.h>

enum { THREAD_COUNT = 4, ROUND_COUNT = 100, OTHERS = 3 };

/* A key of another type, decoded once; what a library computes at first use it computes among
 * several threads. */
struct other {
    struct assay_verify_key *key;
    struct assay_signature signature;
    uint8_t digest[ASSAY_DIGEST_MAX];
    size_t digest_len;
};

struct shared {
    const struct assay_p256 *key;
    const struct assay_p256 *tabled; /* the same, with a table */
    const struct assay_p256_signer *signer;
    struct other others[OTHERS];
};

struct work {
    const struct shared *shared;
    pthread_t thread;
    uint8_t number;
    unsigned wrong;
};

static unsigned verify_other(const struct other *other, uint8_t round)
{
    struct assay_signature signature = other->signature;
    unsigned wrong = 0;
    wrong += !assay_public_key_check(other->key, &signature, other->digest, other->digest_len);
    if (round % 8 != 0) return wrong;
    signature.bytes[signature.len - 1] ^= 1;
    wrong += assay_public_key_check(other->key, &signature, other->digest, other->digest_len);
    return wrong;
}

static unsigned one_round(const struct shared *shared, uint8_t number, uint8_t round)
{
    const uint8_t text[2] = { number, round };
    uint8_t digest[32];
    uint8_t signature[64];
    uint8_t public_key[64];
    struct assay_secret32 secret;
    struct assay_p256 *own = NULL;
    unsigned wrong = 0;
    assay_sha256(text, sizeof text, digest);
    if (assay_p256_sign(shared->signer, digest, signature) != ASSAY_OK) return 1;
    wrong += !assay_p256_verify(shared->key, digest, signature, ASSAY_S_LOW);
    wrong += !assay_p256_verify(shared->tabled, digest, signature, ASSAY_S_LOW);
    digest[0] ^= 1;
    wrong += assay_p256_verify(shared->key, digest, signature, ASSAY_S_LOW);
    wrong += assay_p256_verify(shared->tabled, digest, signature, ASSAY_S_LOW);
    if (assay_p256_generate(&secret, public_key) != ASSAY_OK) return wrong + 1;
    if (assay_p256_load(public_key, &own) != ASSAY_OK) return wrong + 1;
    wrong += assay_p256_verify(own, digest, signature, ASSAY_S_ANY);
    assay_p256_free(&own);
    for (unsigned i = 0; i < OTHERS; i++) wrong += verify_other(&shared->others[i], round);
    return wrong;
}

static void *run(void *argument)
{
    struct work *work = argument;
    for (unsigned round = 0; round < ROUND_COUNT; round++) {
        work->wrong += one_round(work->shared, work->number, (uint8_t)round);
    }
    return NULL;
}

static void set_up_other(struct other *other, enum assay_key_type type,
                         enum assay_signature_alg alg)
{
    struct authority_key *pair = authority_key_make(type);
    struct assay_key key;
    authority_key_public(pair, &key);
    authority_sign(pair, alg, "threads", 7, &other->signature);
    other->digest_len = assay_signature_digest(alg, "threads", 7, other->digest);
    if (assay_public_key_load(&key, &other->key) != ASSAY_OK) other->key = NULL;
    authority_key_free(&pair);
}

int main(void)
{
    struct assay_secret32 secret;
    uint8_t public_key[64];
    struct assay_p256 *key = NULL;
    struct assay_p256 *tabled = NULL;
    struct assay_p256_signer *signer = NULL;
    struct work works[THREAD_COUNT];
    unsigned wrong = 0;

    if (assay_p256_generate(&secret, public_key) != ASSAY_OK) return 1;
    if (assay_p256_load(public_key, &key) != ASSAY_OK) return 1;
    if (assay_p256_load(public_key, &tabled) != ASSAY_OK || !assay_p256_add_table(tabled)) return 1;
    if (assay_p256_signer_load(&secret, &signer) != ASSAY_OK) return 1;
    struct shared shared = { .key = key, .tabled = tabled, .signer = signer };
    set_up_other(&shared.others[0], ASSAY_KEY_P384, ASSAY_SIGNATURE_ECDSA_SHA384);
    set_up_other(&shared.others[1], ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA384);
    set_up_other(&shared.others[2], ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PKCS1_SHA256);
    for (unsigned i = 0; i < OTHERS; i++)
        if (shared.others[i].key == NULL) return 1;

    for (unsigned i = 0; i < THREAD_COUNT; i++) {
        works[i] = (struct work){ .shared = &shared, .number = (uint8_t)i };
        if (pthread_create(&works[i].thread, NULL, run, &works[i]) != 0) return 1;
    }
    for (unsigned i = 0; i < THREAD_COUNT; i++) {
        if (pthread_join(works[i].thread, NULL) != 0) return 1;
        wrong += works[i].wrong;
    }
    for (unsigned i = 0; i < OTHERS; i++)
        assay_public_key_free(&shared.others[i].key);
    assay_p256_signer_free(&signer);
    assay_p256_free(&key);
    assay_p256_free(&tabled);
    printf("%d threads, %d rounds each, %u wrong answers\n", THREAD_COUNT, ROUND_COUNT, wrong);
    return wrong == 0 ? 0 : 1;
}
