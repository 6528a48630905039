/*
 * tests/unit/base/plain_crypto_threads.c - one loaded key and one signer under several threads.
 *
 * The verification pool shares keys. ThreadSanitizer runs this program (the tsan preset);
 * everywhere else it shows that the answers stay right.
 */
#include "base/crypto.h"

#include <pthread.h>
#include <stdio.h>

enum { THREAD_COUNT = 4, ROUND_COUNT = 100 };

struct shared {
    const struct assay_p256 *key;
    const struct assay_p256_signer *signer;
};

struct work {
    const struct shared *shared;
    pthread_t thread;
    uint8_t number;
    unsigned wrong;
};

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
    digest[0] ^= 1;
    wrong += assay_p256_verify(shared->key, digest, signature, ASSAY_S_LOW);
    if (assay_p256_generate(&secret, public_key) != ASSAY_OK) return wrong + 1;
    if (assay_p256_load(public_key, &own) != ASSAY_OK) return wrong + 1;
    wrong += assay_p256_verify(own, digest, signature, ASSAY_S_ANY);
    assay_p256_free(&own);
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

int main(void)
{
    struct assay_secret32 secret;
    uint8_t public_key[64];
    struct assay_p256 *key = NULL;
    struct assay_p256_signer *signer = NULL;
    struct work works[THREAD_COUNT];
    unsigned wrong = 0;

    if (assay_p256_generate(&secret, public_key) != ASSAY_OK) return 1;
    if (assay_p256_load(public_key, &key) != ASSAY_OK) return 1;
    if (assay_p256_signer_load(&secret, &signer) != ASSAY_OK) return 1;
    const struct shared shared = { key, signer };

    for (unsigned i = 0; i < THREAD_COUNT; i++) {
        works[i] = (struct work){ .shared = &shared, .number = (uint8_t)i };
        if (pthread_create(&works[i].thread, NULL, run, &works[i]) != 0) return 1;
    }
    for (unsigned i = 0; i < THREAD_COUNT; i++) {
        if (pthread_join(works[i].thread, NULL) != 0) return 1;
        wrong += works[i].wrong;
    }
    assay_p256_signer_free(&signer);
    assay_p256_free(&key);
    printf("%d threads, %d rounds each, %u wrong answers\n", THREAD_COUNT, ROUND_COUNT, wrong);
    return wrong == 0 ? 0 : 1;
}
