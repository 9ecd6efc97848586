import { startNginx } from '../support/proxy.ts';
import { describeBehind } from './behind-proxy.contract.ts';
import { describeRetries } from './retries.contract.ts';

describeBehind('nginx', startNginx);
describeRetries('nginx', startNginx);
