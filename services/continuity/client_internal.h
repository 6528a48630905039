/*
 * services/continuity/client_internal.h - client.c decides, client_frames.c writes frames.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_CLIENT_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_CLIENT_INTERNAL_H

#include "services/continuity/client.h"

/* Each sends to seats; they Return: nothing. */
void assay_cont_client_say_open(struct assay_cont_client *c, uint8_t seats,
                                struct assay_cont_outs *outs);
void assay_cont_client_say_adopt(struct assay_cont_client *c, uint64_t index,
                                 const uint8_t digest[static 32], uint8_t seats,
                                 struct assay_cont_outs *outs);
void assay_cont_client_say_question(struct assay_cont_client *c, enum assay_cont_kind kind,
                                    const struct assay_cont_question *question, uint8_t seats,
                                    struct assay_cont_outs *outs);
void assay_cont_client_say_handover_get(struct assay_cont_client *c, uint8_t seats,
                                        struct assay_cont_outs *outs);
/* The frame under way, as it is. */
void assay_cont_client_say_flight(struct assay_cont_client *c, uint8_t seats,
                                  struct assay_cont_outs *outs);
/* Makes the frame under way of what waits: at most one, of at most ASSAY_CONT_BATCH_MAX states, up
 * to `until`. Returns: nothing; flight_last stays 0 when nothing waits. */
void assay_cont_client_fly(struct assay_cont_client *c, uint64_t until);

#endif
