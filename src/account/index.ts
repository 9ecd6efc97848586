import type { Interactions } from '../oidc/interactions.ts';
import { page, to, type Console, type Route } from '../web/route.ts';
import { activity, type ActivityDeps } from './activity.ts';
import { apiKeys, type ApiKeysPageDeps } from './api-keys.ts';
import { applications, type ApplicationsDeps } from './applications.ts';
import { close, type CloseDeps } from './close.ts';
import { devices, type DevicesDeps } from './devices.ts';
import type { ConsolePage } from './page.ts';
import { personalInformation, personalInformationView, type PersonalInformationDeps } from './personal-information.ts';
import { receiptRoutes, type ReceiptsDeps } from './receipts.ts';
import { sessionRoutes } from './session.ts';
import { undoEmailRoutes, type UndoEmailDeps } from './undo-email.ts';
import { signInAndSecurity, type SignInAndSecurityDeps } from './sign-in-and-security.ts';

/**
 * The account console: what people see and change about themselves. This list of pages is its navigation. It owns the
 * pages' words and forms; the rules are in `operations/`, and it must not know how a session or a token is kept.
 */
export interface AccountDeps
  extends
    PersonalInformationDeps,
    SignInAndSecurityDeps,
    DevicesDeps,
    ApplicationsDeps,
    ApiKeysPageDeps,
    ReceiptsDeps,
    ActivityDeps,
    CloseDeps,
    UndoEmailDeps {
  apiKeys: ApiKeysPageDeps['apiKeys'];
  interactions: Pick<Interactions, 'consoleReturn' | 'signOut' | 'renewSession' | 'clientFace'>;
  endings: SignInAndSecurityDeps['endings'] & DevicesDeps['endings'];
  receipts: ApplicationsDeps['receipts'] & ReceiptsDeps['receipts'] & DevicesDeps['receipts'];
}

const pages: readonly [ConsolePage<AccountDeps>, ...ConsolePage<AccountDeps>[]] = [
  personalInformation,
  signInAndSecurity,
  devices,
  applications,
  apiKeys,
  activity,
  close,
];

export const accountConsole: Console = {
  path: '/account',
  label: 'frame.mine',
  navigation: pages.map(({ place }) => place),
};

export function accountRoutes(deps: AccountDeps): Route[] {
  const first = pages[0].place.path;

  return [
    page('/', personalInformationView, () => to('/account')),
    page('/account', personalInformationView, () => to(first)),
    ...sessionRoutes(deps.interactions),
    ...undoEmailRoutes(deps),
    ...receiptRoutes(deps),
    ...pages.flatMap(({ routes }) => routes(deps)),
  ];
}
