/* off_policy.h - what a new policy would have earned, judged by the log of another one.
 *
 * Each logged act was chosen with a known probability p (its propensity) and earned a reward r;
 * the new policy would have chosen it with probability q. With weights w = min(q / p, clip):
 *
 *   IPS    mean(w r)                   Horvitz and Thompson, A Generalization of Sampling
 *                                      Without Replacement from a Finite Universe (JASA 1952);
 *                                      clipped as Ionides, Truncated Importance Sampling
 *                                      (J. Comp. Graph. Stat. 2008)
 *   SNIPS  sum(w r) / sum(w)           Swaminathan and Joachims, The Self-Normalized Estimator
 *                                      for Counterfactual Learning (NIPS 2015)
 *   DR     mean(m + w (r - e))         Dudik, Langford and Li, Doubly Robust Policy Evaluation
 *                                      and Learning (ICML 2011)
 *
 * where e is a model's estimate of the logged act's reward and m the model's estimate of what
 * the new policy earns there: the sum over all acts of q times their estimates.
 *
 * Without clipping IPS is unbiased, and so is DR, if p is right and more than 0 wherever q is;
 * clipping trades variance for bias (IPS: downwards where r >= 0; DR: by as much as the model
 * is wrong). SNIPS is biased by about 1 / effective sample size, and its value is always one
 * that rewards can have.
 *
 * Standard errors: of a mean for IPS and DR, with n - 1; for SNIPS sqrt(sum(w^2 (r - value)^2))
 * / sum(w) (the delta method; Owen, Monte Carlo Theory, Methods and Examples, 2013,
 * section 9.2). They hold where logged acts are independent, and say nothing of the bias.
 *
 * Effective sample size: sum(w)^2 / sum(w^2) (Kish, Survey Sampling, 1965): of so many acts of
 * its own the new policy has been seen doing. The mean weight is 1 but for noise where
 * propensities are right and nothing is clipped: one that is far from 1 says that they are not.
 *
 * Constant memory; a sum may be taken of logs in parts. */
#ifndef LIB_REC_OFF_POLICY_H
#define LIB_REC_OFF_POLICY_H

#include <stdint.h>

#include "lib/base/err.h"

struct rec_logged {
    double propensity;      /* p: more than 0, at most 1 */
    double target;          /* q: 0 to 1 */
    double reward;          /* r */
    double estimate_logged; /* e; 0 where there is no model: DR is IPS then */
    double estimate_target; /* m */
};

/* Sums; zeroed but for clip: an empty log. */
struct rec_off_policy {
    double clip; /* weights above are cut to it; 0: none is */
    uint64_t count, clipped;
    double w, ww, wr, wwr, wwrr; /* sums of products of weights and rewards */
    double d, dd;                /* of DR's terms, and of their squares */
};

struct rec_estimate {
    double value, standard_error; /* standard_error: 0 for a log of less than 2 acts */
};

struct rec_off_policy_result {
    struct rec_estimate ips, snips, dr;
    double effective_sample_size;
    double mean_weight;
    double clipped_share; /* 0 to 1 */
    uint64_t count;
};

/* Adds one act. ERR_INVALID names what is not a probability, or not finite; nothing is added
 * then. */
int rec_off_policy_add(struct rec_off_policy *sums, const struct rec_logged *act,
                       struct err *err);

/* ERR_INVALID for an empty log, and where no act was one that the new policy would choose: such
 * a log says nothing about it. */
int rec_off_policy_result(const struct rec_off_policy *sums,
                          struct rec_off_policy_result *ret_result, struct err *err);

#endif
