//! How this process shares rings: set once by `ketama_segment_policy`, for `ketama_roll`, lists that name a segment, and
//! publishers.

use crate::segment::Policy;
use std::sync::{PoisonError, RwLock};

static POLICY: RwLock<Option<Policy>> = RwLock::new(None);

/// The policy as it was set, or the default.
pub(super) fn current() -> Policy {
    POLICY.read().unwrap_or_else(PoisonError::into_inner).unwrap_or_default()
}

/// Sets the policy.
pub(super) fn set(policy: Policy) {
    *POLICY.write().unwrap_or_else(PoisonError::into_inner) = Some(policy);
}
