// Looks on while the app starts. A classic script without imports: it works where the app itself does not come up,
// be it that a file is missing or that the browser is too old for modules.
(function () {
  'use strict';
  var words = [
    ['zh-CN', '没能打开', '有一个文件没有加载成功，或浏览器版本太旧。已记录的内容都还在手机里。请刷新；如果还不行，请更新浏览器后再打开。', '刷新'],
    ['en', 'This did not open', 'A file did not load, or the browser is too old. What you have recorded is still on the phone. Reload; if that does not mend it, update the browser and open it again.', 'Reload']
  ];
  function tell(reason) {
    if (!document.body || document.body.getAttribute('data-screen')) return; // the app is up and tells by itself
    var main = document.getElementById('main');
    if (!main) return;
    main.textContent = '';
    words.forEach(function (entry) {
      var part = document.createElement('section');
      part.lang = entry[0];
      part.className = 'stack';
      var heading = document.createElement('h1');
      heading.textContent = entry[1];
      var text = document.createElement('p');
      text.textContent = entry[2];
      var button = document.createElement('button');
      button.textContent = entry[3];
      button.className = 'primary';
      button.setAttribute('data-act', 'reload');
      button.onclick = function () { location.reload(); };
      part.appendChild(heading);
      part.appendChild(text);
      part.appendChild(button);
      main.appendChild(part);
    });
    var detail = document.createElement('p');
    detail.className = 'muted small';
    detail.textContent = String(reason || '');
    main.appendChild(detail);
    document.body.setAttribute('data-stopped', '');
  }
  // Files that do not load are told of on the element, and only to listeners that catch on the way down.
  window.addEventListener('error', function (event) {
    var file = event.target && event.target.tagName === 'SCRIPT' && event.target.src;
    if (file) tell(file);
    else if (event.message) tell(event.message);
  }, true);
  window.addEventListener('unhandledrejection', function (event) { tell(event.reason); });
  if (!('noModule' in document.createElement('script'))) {
    window.addEventListener('load', function () { tell('no modules'); });
  }
}());
