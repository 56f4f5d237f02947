// When the tide is high.

var token = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "token")).Trim();

var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => $"High water in {{harbour}}: {{hour}}:40. ({token})\n");
app.Run();
