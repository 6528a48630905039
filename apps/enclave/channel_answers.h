/*
 * apps/enclave/channel_answers.h - answers of the enclave to a frame of its platform. Pure.
 *
 * What is quoted is either hashed here, over keys that are registered here, or it is report data
 * that the daemon hashed and that binds no keys (docs/identity.md 6.5, 6.8). A frame that is not
 * answered is refused.
 */
#ifndef ASSAY_APPS_ENCLAVE_CHANNEL_ANSWERS_H
#define ASSAY_APPS_ENCLAVE_CHANNEL_ANSWERS_H

#include "apps/enclave/counter.h"
#include "apps/enclave/registrations.h"

enum { CHANNEL_ANSWERS_MAX = 2 };

struct channel_answers {
    uint32_t count;
    struct assay_channel_frame frames[CHANNEL_ANSWERS_MAX]; /* in the order of sending */
};

/* In: frame: decoded. Out: *answers; the mode of the counter. */
void channel_answer(const struct assay_channel_frame *frame, struct counter *counter,
                    struct registrations *keys, struct channel_answers *answers);

#endif
