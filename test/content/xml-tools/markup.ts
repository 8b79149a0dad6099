// Markup of many kinds, as people paste it: the name of the format, what stands in the file, and what is asked about it.
export const MARKUP: [format: string, text: string, question: string][] = [
  [
    'Maven',
    '<project>\n  <modelVersion>4.0.0</modelVersion>\n  <groupId>org.shop</groupId>\n  <build><plugins><plugin><artifactId>maven-tool-plugin</artifactId><configuration><tool>javac</tool></configuration></plugin></plugins></build>\n</project>',
    'Which tool does this pom use to compile?',
  ],
  [
    'Android layout',
    '<?xml version="1.0" encoding="utf-8"?>\n<LinearLayout xmlns:android="http://schemas.android.com/apk/res/android" xmlns:tools="http://schemas.android.com/tools" android:orientation="vertical">\n  <TextView android:id="@+id/title" tools:text="Title"/>\n</LinearLayout>',
    'What do the tools: attributes do in this XML?',
  ],
  [
    'Android manifest',
    '<manifest>\n<uses-permission>android.permission.INTERNET</uses-permission>\n<application><activity><intent-filter><action>MAIN</action></intent-filter></activity></application>\n</manifest>',
    'Add a second activity.',
  ],
  [
    'JSX',
    'export const Page = () => <Layout><Header><Title>Tools</Title></Header><Toolbar><Tool>Read</Tool></Toolbar></Layout>',
    'Use the Tool tag for a second tool.',
  ],
  [
    'HTML',
    '<html><head><title>Tools</title></head><body><h1>Tools</h1><ul><li>Hammer</li><li>Saw</li></ul></body></html>',
    'Make every tool a link.',
  ],
  [
    'RSS',
    '<rss><channel><title>Tool news</title><item><title>New tool</title><description>A tool for XML</description></item></channel></rss>',
    'Write a reader for this in Go.',
  ],
  [
    'Atom',
    '<feed><entry><title>Using tools</title><content>How to use a tool</content></entry></feed>',
    'Convert this to JSON.',
  ],
  ['SVG', '<svg><g><path>M0 0L10 10</path></g><text>tool</text></svg>', 'Where is the path?'],
  [
    'SOAP',
    '<Envelope><Header><Action>read_file</Action></Header><Body><read_file><path>/etc/motd</path></read_file></Body></Envelope>',
    'Send this with curl.',
  ],
  [
    'plist',
    '<plist><dict><key>Label</key><string>com.shop.tool</string><key>ProgramArguments</key><array><string>/usr/bin/tool</string></array></dict></plist>',
    'How do I load this?',
  ],
  [
    'ARXML',
    '<AUTOSAR><AR-PACKAGES><AR-PACKAGE><SHORT-NAME>Tools</SHORT-NAME><ELEMENTS><PARAMETER><SHORT-NAME>speed</SHORT-NAME></PARAMETER></ELEMENTS></AR-PACKAGE></AR-PACKAGES></AUTOSAR>',
    'List all parameters by SHORT-NAME.',
  ],
  ['Ant', '<project><target><exec_command><arg>build</arg></exec_command></target></project>', 'Port this to Gradle.'],
  [
    'Spring',
    '<beans><bean><property><name>tool</name><value>hammer</value></property></bean></beans>',
    'Turn it into annotations.',
  ],
  [
    'log4j',
    '<Configuration><Appenders><Console><PatternLayout><Pattern>%m%n</Pattern></PatternLayout></Console></Appenders></Configuration>',
    'Log to a file as well.',
  ],
  [
    'sitemap',
    '<urlset><url><loc>https://shop.example/tools</loc><priority>0.8</priority></url></urlset>',
    'Add lastmod.',
  ],
  [
    'XSLT',
    '<stylesheet><template><for-each><value-of>tool</value-of></for-each></template></stylesheet>',
    'Why is the output empty?',
  ],
  ['OPML', '<opml><body><outline><text>Tools</text></outline></body></opml>', 'Sort the outlines.'],
  [
    'KML',
    '<kml><Placemark><name>Shop</name><Point><coordinates>10,59</coordinates></Point></Placemark></kml>',
    'Move the point north.',
  ],
  [
    'GPX',
    '<gpx><trk><trkseg><trkpt><ele>4</ele><time>2026</time></trkpt></trkseg></trk></gpx>',
    'Smooth the elevation.',
  ],
  [
    'DocBook',
    '<book><chapter><title>Tools</title><para>Use each tool with care.</para></chapter></book>',
    'Render this as Markdown.',
  ],
  [
    'WSDL',
    '<definitions><message><part>path</part></message><portType><operation><input>read_file</input></operation></portType></definitions>',
    'Generate a client.',
  ],
  [
    'XLIFF',
    '<xliff><file><trans-unit><source>Tool</source><target>Werkzeug</target></trans-unit></file></xliff>',
    'Translate the rest.',
  ],
  [
    'csproj',
    '<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework><PackAsTool>true</PackAsTool><ToolCommandName>shop</ToolCommandName></PropertyGroup></Project>',
    'Publish this as a tool.',
  ],
  [
    'JUnit report',
    '<testsuite><testcase><failure><message>expected tag</message></failure></testcase></testsuite>',
    'Which tests failed?',
  ],
  [
    'Jenkins job',
    '<project><builders><hudson.tasks.Shell><command>npm run build</command></hudson.tasks.Shell></builders></project>',
    'Make it a pipeline.',
  ],
  ['XAML', '<Window><Grid><Button><Content>Use tool</Content></Button></Grid></Window>', 'Bind the button.'],
  [
    'BPMN',
    '<process><task><name>execute_command</name><incoming>a</incoming><outgoing>b</outgoing></task></process>',
    'Draw this.',
  ],
  [
    'a house format',
    '<tool><name>read_file</name><description>Reads a file</description><parameters><parameter><name>path</name></parameter></parameters></tool>',
    'Write an XSD for this.',
  ],
]
