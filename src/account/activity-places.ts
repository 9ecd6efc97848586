/** Where what happened to the account stands. */
export const activityPath = '/account/activity';
